#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace convlens {

/// Up to four extents. Activations always have four (N, C, H, W); weights as many as their operator gives them.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  int64_t operator[](int i) const { return extents_[static_cast<size_t>(i)]; }
  int64_t n() const { return extents_[0]; }
  int64_t c() const { return extents_[1]; }
  int64_t h() const { return extents_[2]; }
  int64_t w() const { return extents_[3]; }
  int64_t elements() const;
  std::string to_string() const;  ///< "1x3x224x224"
  bool operator==(const Shape&) const = default;

 private:
  std::array<int64_t, 4> extents_{1, 1, 1, 1};
  int rank_ = 0;
};

enum class DataType { f32, f64 };

/// Order of an activation's elements in memory. `nchw16c` is N x ceil(C/16) x H x W x 16: the last block's missing
/// channels are there and hold zeros, which every kernel that writes such a tensor must keep. Weights are always plain.
enum class Layout { nchw, nhwc, nchw8c, nchw16c };

std::string to_string(DataType type);
std::string to_string(Layout layout);
size_t bytes_of(DataType type);

/// Channels that lie side by side in memory: 1, C, 8 or 16.
int64_t channel_block(Layout layout, int64_t channels);

/// What a tensor is, without its numbers.
struct TensorDesc {
  Shape shape;
  DataType type = DataType::f32;
  Layout layout = Layout::nchw;

  int64_t elements() const;  ///< in memory, a blocked layout's padding channels included
  size_t bytes() const { return static_cast<size_t>(elements()) * bytes_of(type); }
  int64_t offset(int64_t n, int64_t c, int64_t h, int64_t w) const;  ///< of one element, in elements
  bool operator==(const TensorDesc&) const = default;
};

/// Borrowed memory with its description. A view of nothing has `data == nullptr`.
struct TensorView {
  TensorDesc desc;
  void* data = nullptr;

  float* f32() const { return static_cast<float*>(data); }
  double* f64() const { return static_cast<double*>(data); }
  const Shape& shape() const { return desc.shape; }
  explicit operator bool() const { return data != nullptr; }
};

/// Every layout seen as N x blocks x H x W x block: (C, 1) for NCHW, (1, C) for NHWC, (ceil(C/16), 16) for blocked.
/// One loop nest over it, innermost over `block`, serves all layouts.
struct BlockedExtents {
  explicit BlockedExtents(const TensorDesc& desc);
  int64_t n, blocks, h, w, block;
};

}  // namespace convlens
