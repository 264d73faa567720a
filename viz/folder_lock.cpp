#include "viz/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernels/base/error.h"

namespace convlens::viz {

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0)
    throw InputError(folder.string() + ": the folder cannot be opened (" + std::strerror(errno) + ")");
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  close(descriptor_);
  throw InputError(folder.string() + ": another program is writing its results into this folder");
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace convlens::viz
