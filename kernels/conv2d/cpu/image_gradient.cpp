// The gradient of an image: few channels, whatever window and stride. Each pixel of dL/dy, times the matrix of all
// taps, gives what it adds to the pixels under its window; these products of as many rows of dL/dy as lie under one
// another's windows are kept in a ring, from which each row of dL/dx is gathered.
//   z[p, q, (r, t, i)] = sum over o of w[o, i, r, t] dL/dy[o, p, q]
//   dL/dx[i, h, w] = sum over r, t of z[(h + pad - r) / s, (w + pad - t) / s, (r, t, i)], where the quotients are whole

#include <omp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/base/cpu/blocked_gemm.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

constexpr int64_t most_channels = 4, most_rows = 16;

template <int lanes>
class ImageGradientKernel final : public Kernel {
 public:
  explicit ImageGradientKernel(const Problem& problem)
      : s_(problem),
        out_blocks_((s_.out_channels + lanes - 1) / lanes),
        tap_blocks_((s_.y.kernel * s_.x.kernel * s_.in_channels + lanes - 1) / lanes),
        ring_rows_((s_.y.kernel - 1) / s_.y.stride + 1),
        threads_(omp_get_max_threads()),
        columns_(make_columns()) {}

  size_t workspace() const override { return static_cast<size_t>(threads_ * ring_floats()) * sizeof(float); }
  size_t packed_bytes() const override {
    return static_cast<size_t>(tap_blocks_ * out_blocks_ * lanes * lanes) * sizeof(float);
  }

  /// Blocks of taps x output channels x lanes; a tap's channels side by side.
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    auto* to = reinterpret_cast<float*>(packed);
    std::fill_n(to, packed_bytes() / sizeof(float), 0.0F);
    const int64_t taps = s_.y.kernel * s_.x.kernel;
    const float* from = weights[0].f32();
    for (int64_t o = 0; o < s_.out_channels; ++o)
      for (int64_t i = 0; i < s_.in_channels; ++i)
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t m = tap * s_.in_channels + i;
          to[((m / lanes * out_blocks_ * lanes) + o) * lanes + m % lanes] = *from++;
        }
  }

  void run(const Arguments& args) override {
    const int64_t rows = s_.y.input, shares = std::min<int64_t>(threads_, rows);
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads_)
    for (int64_t n = 0; n < s_.batch; ++n)
      for (int64_t share = 0; share < shares; ++share)
        gather_rows(args, n, share * rows / shares, (share + 1) * rows / shares);
  }

 private:
  using Channels = FloatLanes<most_channels>;

  // Behind the last tap as many floats as a load of its channels takes too many.
  int64_t pixel_floats() const { return tap_blocks_ * lanes + most_channels; }
  int64_t row_floats() const { return s_.x.output * pixel_floats(); }
  int64_t ring_floats() const { return (ring_rows_ * row_floats() + 15) / 16 * 16; }

  void gather_rows(const Arguments& args, int64_t n, int64_t begin, int64_t end) const {
    float* const ring = reinterpret_cast<float*>(args.workspace) + omp_get_thread_num() * ring_floats();
    int64_t next = first_over(s_.y, begin);  // row of dL/dy whose products are not in the ring
    for (int64_t h = begin; h < end; ++h) {
      const int64_t behind = std::min((h + s_.y.before) / s_.y.stride + 1, s_.y.output);
      for (; next < behind; ++next) multiply_row(args, n, next, ring + next % ring_rows_ * row_floats());
      gather_row(args.grad_inputs[0].f32() + (n * s_.in_channels * s_.y.input + h) * s_.x.input, h, ring);
    }
  }

  /// The first output whose window reaches input `i`, or one that lies behind it.
  static int64_t first_over(const WindowAxis& a, int64_t i) {
    return std::max<int64_t>(0, (i + a.before - a.kernel) / a.stride + (i + a.before >= a.kernel ? 1 : 0));
  }

  void multiply_row(const Arguments& args, int64_t n, int64_t row, float* to) const {
    const int64_t plane = s_.y.output * s_.x.output * lanes;
    BlockedGemm<lanes>{.pixels = args.grad_output.f32() + n * out_blocks_ * plane + row * s_.x.output * lanes,
                       .pixel_block_stride = plane,
                       .matrix = reinterpret_cast<const float*>(args.packed),
                       .results = to,
                       .result_block_stride = lanes,
                       .result_pixel_stride = pixel_floats(),
                       .count = s_.x.output,
                       .in_blocks = out_blocks_,
                       .out_blocks = tap_blocks_}
        .run();
  }

  /// The taps that reach a column, as they lie in a row of products.
  struct Column {
    int64_t first, count;  // floats to the first, and how many
  };

  std::vector<Column> make_columns() const {
    std::vector<Column> columns;
    for (int64_t w = 0; w < s_.x.input; ++w) {
      const int64_t x = w + s_.x.before, first = first_over(s_.x, w);
      const int64_t behind = std::min(x / s_.x.stride + 1, s_.x.output);
      columns.push_back(
          {first * pixel_floats() + (x - first * s_.x.stride) * s_.in_channels, std::max<int64_t>(0, behind - first)});
    }
    return columns;
  }

  /// To row h of every channel, the first of which begins at `to`.
  void gather_row(float* to, int64_t h, const float* ring) const {
    const int64_t plane = s_.y.input * s_.x.input, channels = s_.in_channels, y = h + s_.y.before;
    const int64_t first = first_over(s_.y, h), behind = std::min(y / s_.y.stride + 1, s_.y.output);
    const int64_t step = pixel_floats() - s_.x.stride * channels;  // from a pixel's tap to the next pixel's
    std::array<const float*, most_rows> rows;                      // of products, at the taps that reach row h
    for (int64_t p = first; p < behind; ++p)
      rows[p - first] = ring + p % ring_rows_ * row_floats() + (y - p * s_.y.stride) * s_.x.kernel * channels;
    for (int64_t w = 0; w < s_.x.input; ++w) {
      Channels sum{};
      for (int64_t p = 0; p < behind - first; ++p) {
        const float* z = rows[p] + columns_[w].first;
        for (int64_t q = 0; q < columns_[w].count; ++q, z += step) sum += load_lanes<Channels>(z);
      }
      for (int64_t i = 0; i < channels; ++i) to[i * plane + w] = sum[i];
    }
  }

  Conv2dSizes s_;
  int64_t out_blocks_, tap_blocks_, ring_rows_;
  int threads_;
  std::vector<Column> columns_;
};

IoLayout layouts(const Problem&) { return {Layout::nchw, cpu_blocked_layout()}; }

std::optional<std::string> refuses(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (s.in_channels > most_channels) return "is for images of up to four channels";
  if (s.y.kernel > most_rows) return "is for windows of up to 16 rows";
  if (s.groups != 1) return "needs one group";
  if (s.y.dilation != 1 || s.x.dilation != 1) return "needs dilation 1";
  return refuses_layouts(problem, layouts(problem));
}

std::unique_ptr<Kernel> prepare(const Problem& problem) {
  return with_blocked_lanes(
      [&](auto lanes) -> std::unique_ptr<Kernel> { return std::make_unique<ImageGradientKernel<lanes>>(problem); });
}

const RegisterVariant registered("conv2d", {.name = "image_gradient",
                                            .device = Device::cpu,
                                            .pass = Pass::backward_data,
                                            .priority = 30,
                                            .layouts = layouts,
                                            .refuses = refuses,
                                            .prepare = prepare});

}  // namespace
}  // namespace convlens
