#include "viz/features/growing_npy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <cstring>

#include "kernels/base/error.h"
#include "viz/io/npy.h"

namespace convlens::viz {

namespace ipc = boost::interprocess;

namespace {

size_t bytes_of_row(const std::string& type, const std::vector<int64_t>& shape) {
  auto bytes = static_cast<size_t>(type.back() - '0');
  for (const int64_t extent : shape) bytes *= static_cast<size_t>(extent);
  return bytes;
}

}  // namespace

GrowingNpy::GrowingNpy(std::filesystem::path path, std::string type, std::vector<int64_t> row_shape, int64_t rows)
    : path_(std::move(path)),
      type_(std::move(type)),
      row_shape_(std::move(row_shape)),
      row_bytes_(bytes_of_row(type_, row_shape_)),
      rows_(rows),
      file_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_ < 0) throw InputError(path_.string() + ": cannot be written (" + std::strerror(errno) + ")");
  const size_t wanted = header(rows).size() + static_cast<size_t>(rows) * row_bytes_;
  struct stat status {};
  const bool sized = fstat(file_, &status) == 0;
  if (!sized || (rows > 0 && static_cast<size_t>(status.st_size) < wanted) ||
      ftruncate(file_, static_cast<off_t>(wanted)) != 0) {
    close(file_);
    throw InputError(path_.string() + ": must hold " + std::to_string(rows) +
                     " rows of features but is cut off: " + "delete its folder, and it is made again");
  }
  write_header();
}

GrowingNpy::~GrowingNpy() { close(file_); }

std::string GrowingNpy::header(int64_t rows) const {
  std::vector<int64_t> shape{rows};
  shape.insert(shape.end(), row_shape_.begin(), row_shape_.end());
  std::string text = npy_header(type_, shape);
  // Rows begin at one place, however many digits their number has.
  constexpr size_t length = 128;
  if (text.size() != length)
    throw InternalError(path_.string() + ": its header would need " + std::to_string(text.size()) + " bytes");
  return text;
}

void GrowingNpy::write_header() {
  const std::string text = header(rows_);
  write_at(0, std::as_bytes(std::span(text)));
}

void GrowingNpy::write_at(size_t position, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw InternalError(path_.string() + ": cannot be written (" + std::strerror(errno) + ")");
    position += static_cast<size_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void GrowingNpy::append(std::span<const std::byte> bytes) {
  if (bytes.size() % row_bytes_ != 0) throw InternalError(path_.string() + ": only whole rows can be appended");
  mapped_.reset();
  write_at(header(rows_).size() + static_cast<size_t>(rows_) * row_bytes_, bytes);
  rows_ += static_cast<int64_t>(bytes.size() / row_bytes_);
  write_header();
}

std::span<const std::byte> GrowingNpy::row(int64_t index) const {
  if (index < 0 || index >= rows_) throw InternalError(path_.string() + ": has no row " + std::to_string(index));
  if (!mapped_) {
    const ipc::file_mapping file(path_.c_str(), ipc::read_only);
    mapped_ = std::make_unique<ipc::mapped_region>(file, ipc::read_only);
  }
  const size_t position = header(rows_).size() + static_cast<size_t>(index) * row_bytes_;
  return {static_cast<const std::byte*>(mapped_->get_address()) + position, row_bytes_};
}

}  // namespace convlens::viz
