#include "engine/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "kernels/base/error.h"

namespace convlens {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto fail = [&] { throw InputError(path.string() + ": cannot be read (" + std::strerror(errno) + ")"); };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail();
  struct stat status {};
  void* address = nullptr;
  const bool sized = fstat(file, &status) == 0;
  if (sized && status.st_size > 0)
    address = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  close(file);
  if (!sized || address == MAP_FAILED) fail();
  data_ = static_cast<const std::byte*>(address);
  size_ = static_cast<size_t>(status.st_size);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::give_back(std::span<const std::byte> part) const {
  const std::less<> before;
  if (before(part.data(), data_) || before(data_ + size_, part.data() + part.size())) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));  // to which the file is aligned
  const size_t offset = static_cast<size_t>(part.data() - data_);
  const size_t begin = (offset + page - 1) / page * page, end = (offset + part.size()) / page * page;
  if (begin < end) madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace convlens
