#include "kernels/base/tensor.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace convlens {

Shape::Shape(std::initializer_list<int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  if (extents.size() > extents_.size()) throw InternalError("a shape has at most 4 extents");
  std::ranges::copy(extents, extents_.begin());
}

int64_t Shape::elements() const {
  int64_t product = 1;
  for (int i = 0; i < rank_; ++i) product *= (*this)[i];
  return product;
}

std::string Shape::to_string() const {
  std::string text;
  for (int i = 0; i < rank_; ++i) text += (i ? "x" : "") + std::to_string((*this)[i]);
  return text;
}

std::string to_string(DataType type) { return type == DataType::f32 ? "f32" : "f64"; }

std::string to_string(Layout layout) {
  switch (layout) {
    case Layout::nchw: return "nchw";
    case Layout::nhwc: return "nhwc";
    case Layout::nchw8c: return "nchw8c";
    case Layout::nchw16c: return "nchw16c";
  }
  throw InternalError("unknown layout");
}

size_t bytes_of(DataType type) { return type == DataType::f32 ? sizeof(float) : sizeof(double); }

int64_t channel_block(Layout layout, int64_t channels) {
  switch (layout) {
    case Layout::nchw: return 1;
    case Layout::nhwc: return channels;
    case Layout::nchw8c: return 8;
    case Layout::nchw16c: return 16;
  }
  throw InternalError("unknown layout");
}

int64_t TensorDesc::elements() const {
  if (shape.rank() != 4) return shape.elements();
  const BlockedExtents e(*this);
  return e.n * e.blocks * e.h * e.w * e.block;
}

int64_t TensorDesc::offset(int64_t n, int64_t c, int64_t h, int64_t w) const {
  const BlockedExtents e(*this);
  return (((n * e.blocks + c / e.block) * e.h + h) * e.w + w) * e.block + c % e.block;
}

BlockedExtents::BlockedExtents(const TensorDesc& desc)
    : n(desc.shape.n()),
      blocks(0),
      h(desc.shape.h()),
      w(desc.shape.w()),
      block(channel_block(desc.layout, desc.shape.c())) {
  blocks = (desc.shape.c() + block - 1) / block;
}

}  // namespace convlens
