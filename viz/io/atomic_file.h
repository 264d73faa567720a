#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace convlens::viz {

/// A file that appears whole or not at all: what is written goes into a temporary file in the same folder, and
/// `commit` renames it over `path`. Without a commit (an exception, a full disk) the temporary file is removed and an
/// earlier file of that name stays as it was.
///
/// Errors: InputError when the folder does not exist or may not be written to, or `path` is something other than a
/// plain file; InternalError when the disk is full or the system refuses for another reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// Writes one whole file through AtomicFile.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace convlens::viz
