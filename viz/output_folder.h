#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/array.h"
#include "viz/folder_lock.h"
#include "viz/interrupt.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// A folder of results that change together: files are written into a hidden folder inside it and moved to their places
/// by commit(). Without one (an exception, an interrupt) what was there before stays as it was.
///
/// A work of several parts may keep those that are finished, for a later program to go on from: their files stay in the
/// hidden folder from the first keep() on.
class OutputFolder {
 public:
  /// Forgets what an earlier program kept. Throws InputError when the folder cannot be made or written to, or another
  /// program is writing into it.
  static OutputFolder fresh(std::filesystem::path path);
  /// Goes on with what an earlier program kept, if anything. Throws as fresh() does.
  static OutputFolder resumed(std::filesystem::path path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void save(const std::string& name, const Image& image);  ///< `name` without ".png"
  void save(const std::string& name, const Array& array);  ///< `name` without ".npy"
  void save_text(const std::string& name, const std::string& text);
  /// What `write` makes of the path it is given, e.g. by another program.
  void save_file(const std::string& name, const std::function<void(const std::filesystem::path&)>& write);

  /// Name -> sha256 of everything saved so far.
  using Hashes = std::map<std::string, std::string>;
  const Hashes& hashes() const { return hashes_; }

  /// What is saved so far, and this note about it, outlive an interrupt. Notes are no results: commit() drops them.
  void keep(const std::string& note, const std::string& text);
  std::optional<std::string> kept(const std::string& note) const;
  /// Where a file of that name lies until commit(): a saved one, or one that is kept beside notes and is no result.
  std::filesystem::path unfinished(const std::string& name);
  /// Takes files that an earlier program kept for saved; false, and nothing taken, if one is missing or altered.
  bool take_up(const Hashes& hashes);

  void commit();

 private:
  enum class Earlier { forgotten, taken_up };
  OutputFolder(std::filesystem::path path, Earlier earlier);
  void record(const std::string& name);

  std::filesystem::path path_, hidden_;
  bool created_ = false;
  bool holds_kept_parts_ = false;
  FolderLock lock_;
  std::optional<RemoveOnInterrupt> remove_on_interrupt_;
  Hashes hashes_;
};

}  // namespace convlens::viz
