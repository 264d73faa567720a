#pragma once

#include <filesystem>

namespace convlens::viz {

/// Holds a folder for this program alone, as long as the object lives; the system gives it back if the program dies.
class FolderLock {
 public:
  /// Throws InputError when another program holds it, or the folder cannot be opened.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace convlens::viz
