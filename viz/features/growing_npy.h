#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace boost::interprocess {
class mapped_region;
}

namespace convlens::viz {

/// A .npy file of rows of one shape that grows at its end, and that NumPy can map at any time: its header always counts
/// whole rows. Rows are read through a mapping, so that they take no memory of this program's own.
class GrowingNpy {
 public:
  /// Opens the file and keeps its first `rows` rows, or begins a new one where `rows` is 0. `type`: NumPy's word, "<f4"
  /// or "|u1". Throws InputError when the file holds anything else or fewer rows, or cannot be written.
  GrowingNpy(std::filesystem::path path, std::string type, std::vector<int64_t> row_shape, int64_t rows);
  ~GrowingNpy();
  GrowingNpy(const GrowingNpy&) = delete;
  GrowingNpy& operator=(const GrowingNpy&) = delete;

  int64_t rows() const { return rows_; }

  /// Whole rows, which are in the file when this returns. Throws InternalError when the disk is full.
  void append(std::span<const std::byte> bytes);

  /// One row's bytes; valid until the next append().
  std::span<const std::byte> row(int64_t index) const;

 private:
  std::string header(int64_t rows) const;
  void write_header();
  void write_at(size_t position, std::span<const std::byte> bytes);

  std::filesystem::path path_;
  std::string type_;
  std::vector<int64_t> row_shape_;
  size_t row_bytes_;
  int64_t rows_;
  int file_;
  mutable std::unique_ptr<boost::interprocess::mapped_region> mapped_;  // made when a row is first asked for
};

}  // namespace convlens::viz
