#pragma once

#include <filesystem>
#include <memory>
#include <span>

namespace convlens {

/// A file's bytes, mapped for reading as long as the object lives.
class MappedFile {
 public:
  /// Throws InputError when the file is missing or cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// Whole pages of a part leave the process's memory; whoever reads them again gets them back from the file. Of memory
  /// that is no part of the file, nothing.
  void give_back(std::span<const std::byte> part) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace convlens
