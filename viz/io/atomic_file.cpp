#include "viz/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

std::string cannot_write(const fs::path& path, const std::string& reason) {
  return "'" + path.string() + "' cannot be written: " + reason;
}

[[noreturn]] void throw_system_error(const fs::path& path, int error) {
  const std::string message = cannot_write(path, std::strerror(error));
  const bool users_mistake = error == EACCES || error == EPERM || error == EROFS || error == ENAMETOOLONG;
  if (users_mistake) throw InputError(message);
  throw InternalError(message);
}

// A link is followed, so that the file behind it is replaced and not the link.
fs::path resolve(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target;
}

void require_replaceable(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error)) {
    throw InputError(cannot_write(path, "there is no folder '" + folder.string() + "'"));
  }
  if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {
    throw InputError(cannot_write(path, "something that is not a plain file has that name"));
  }
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(resolve(path)) {
  static std::atomic<unsigned> counter = 0;
  require_replaceable(path_);
  do {
    // A fixed, short name: the file's own name may be as long as the file system allows.
    temporary_ = path_.parent_path() / (".convlens-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) throw_system_error(path_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error(path_, errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::commit() {
  // Network file systems report a full disk only here.
  const int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) throw_system_error(path_, errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) throw_system_error(path_, errno);
  temporary_.clear();
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) { write_file(path, std::as_bytes(std::span(text))); }

}  // namespace convlens::viz
