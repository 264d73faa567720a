#include "kernels/base/cpu/channel_strips.h"

#include <algorithm>
#include <type_traits>

#include "kernels/base/cpu/lanes.h"

namespace convlens {
namespace {

// Calls body(width) with a width that the compiler knows where it is a block's.
template <class Body>
void with_width(const ChannelStrip& s, const Body& body) {
  switch (s.width) {
    case 8: return body(std::integral_constant<int64_t, 8>{});
    case 16: return body(std::integral_constant<int64_t, 16>{});
    default: return body(s.width);
  }
}

StripSums row_sums(const float* g, const float* x, int64_t count) {
  StripSums sums;
  double sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
  for (int64_t i = 0; i < count; ++i) {
    const double wide = g[i];
    sum_g += wide;
    sum_gx += wide * static_cast<double>(x[i]);
  }
  sums.g[0] = sum_g;
  sums.gx[0] = sum_gx;
  return sums;
}

// Eight channels whose sums stay in registers.
void octet_sums(const ChannelStrip& s, int64_t first, const float* g, const float* x, StripSums& sums) {
  using Wide = VectorOf<double, 8>::type;
  Wide sum_g{}, sum_gx{};
  for (int64_t p = 0; p < s.pixels; ++p) {
    const int64_t at = p * s.step + first;
    const Wide wide = __builtin_convertvector(load_lanes<FloatLanes<8>>(g + at), Wide);
    sum_g += wide;
    sum_gx += wide * __builtin_convertvector(load_lanes<FloatLanes<8>>(x + at), Wide);
  }
  store_lanes(sums.g + first, sum_g);
  store_lanes(sums.gx + first, sum_gx);
}

}  // namespace

ChannelStrip ChannelStrip::part(int64_t first_pixel, int64_t count) const {
  ChannelStrip s = *this;
  s.offset += first_pixel * step;
  s.pixels = std::min(count, pixels - first_pixel);
  return s;
}

ChannelStrips::ChannelStrips(const TensorDesc& desc)
    : images_(desc.shape.n()), channels_(desc.shape.c()), pixels_(desc.shape.h() * desc.shape.w()) {
  // A single pixel makes NCHW and NHWC the same; the wide strips are the faster.
  const bool flat = desc.layout == Layout::nchw && pixels_ == 1;
  block_ = channel_block(flat ? Layout::nhwc : desc.layout, channels_);
  width_ = std::min(block_, ChannelStrip::max_width);
  stored_ = (channels_ + block_ - 1) / block_ * block_;
  per_image_ = (channels_ + width_ - 1) / width_;
}

ChannelStrip ChannelStrips::operator[](int64_t index) const {
  ChannelStrip s{.n = index / per_image_, .channel = index % per_image_ * width_, .pixels = pixels_, .step = block_};
  s.channels = std::min(width_, channels_ - s.channel);
  const bool padded = stored_ > channels_;
  s.width = padded ? width_ : s.channels;
  s.offset = s.n * stored_ * pixels_ + s.channel / block_ * block_ * pixels_ + s.channel % block_;
  return s;
}

StripSums strip_sums(const ChannelStrip& s, const float* g, const float* x) {
  g += s.offset;
  x += s.offset;
  if (s.width == 1 && s.step == 1) return row_sums(g, x, s.pixels);
  StripSums sums;
  const int64_t in_octets = s.width / 8 * 8;
  for (int64_t i = 0; i < in_octets; i += 8) octet_sums(s, i, g, x, sums);
  for (int64_t p = 0; p < s.pixels; ++p)
    for (int64_t i = in_octets; i < s.width; ++i) {
      const double wide = g[p * s.step + i];
      sums.g[i] += wide;
      sums.gx[i] += wide * static_cast<double>(x[p * s.step + i]);
    }
  return sums;
}

void StripAffine::set(int64_t i, double channel_scale, double channel_center, double channel_shift) {
  scale[i] = static_cast<float>(channel_scale);
  center[i] = static_cast<float>(channel_center);
  shift[i] = static_cast<float>(channel_shift + channel_scale * (static_cast<double>(center[i]) - channel_center));
}

void apply_to_strip(const ChannelStrip& s, const StripAffine& affine, const float* x, float* y) {
  x += s.offset;
  y += s.offset;
  if (s.width == 1 && s.step == 1) {
    const float scale = affine.scale[0], center = affine.center[0], shift = affine.shift[0];
#pragma omp simd
    for (int64_t i = 0; i < s.pixels; ++i) y[i] = scale * (x[i] - center) + shift;
    return;
  }
  with_width(s, [&](auto width) {
    const StripAffine a = affine;
    for (int64_t p = 0; p < s.pixels; ++p)
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        y[p * s.step + i] = a.scale[i] * (x[p * s.step + i] - a.center[i]) + a.shift[i];
  });
}

void combine_in_strip(const ChannelStrip& s, const StripAffine& first, const float* g, const StripAffine& second,
                      const float* x, float* y) {
  g += s.offset;
  x += s.offset;
  y += s.offset;
  const StripAffine a = first, b = second;
  if (s.width == 1 && s.step == 1) {
    const float shift = a.shift[0] + b.shift[0];
#pragma omp simd
    for (int64_t i = 0; i < s.pixels; ++i)
      y[i] = a.scale[0] * (g[i] - a.center[0]) + (b.scale[0] * (x[i] - b.center[0]) + shift);
    return;
  }
  with_width(s, [&](auto width) {
    for (int64_t p = 0; p < s.pixels; ++p)
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) {
        const int64_t at = p * s.step + i;
        y[at] = a.scale[i] * (g[at] - a.center[i]) + (b.scale[i] * (x[at] - b.center[i]) + (a.shift[i] + b.shift[i]));
      }
  });
}

void zero_padding_channels(const TensorView& tensor) {
  const ChannelStrips strips(tensor.desc);
  for (int64_t k = 0; k < strips.count(); ++k) {
    const ChannelStrip s = strips[k];
    if (s.channels == s.width) continue;
    for (int64_t p = 0; p < s.pixels; ++p)
      std::fill(tensor.f32() + s.offset + p * s.step + s.channels, tensor.f32() + s.offset + p * s.step + s.width,
                0.0F);
  }
}

}  // namespace convlens
