#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/array.h"
#include "viz/interrupt.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// A folder of results that change together: files are written into a hidden folder inside it and moved to their places
/// by commit(). Without one (an exception, an interrupt) what was there before stays as it was.
class OutputFolder {
 public:
  /// Throws InputError when the folder cannot be made or written to.
  explicit OutputFolder(std::filesystem::path path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void save(const std::string& name, const Image& image);  ///< `name` without ".png"
  void save(const std::string& name, const Array& array);  ///< `name` without ".npy"
  void save_text(const std::string& name, const std::string& text);

  /// Name -> sha256 of everything saved so far.
  const std::map<std::string, std::string>& hashes() const { return hashes_; }

  void commit();

 private:
  std::filesystem::path place(const std::string& name);
  void record(const std::string& name);

  std::filesystem::path path_, hidden_;
  bool created_ = false;
  RemoveOnInterrupt remove_on_interrupt_;
  std::map<std::string, std::string> hashes_;
};

}  // namespace convlens::viz
