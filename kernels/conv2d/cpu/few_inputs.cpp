// Few input channels, such as an image: vectors run over output channels, and each of the input's numbers is used for
// all of them. Some neighbouring pixels of two blocks of output channels keep their sums in registers over all taps of
// all channels, whatever the window and its stride. The image is copied into a frame of zeros first, so that no window
// is cut. The gradient of a layer with few output channels is the forward pass on rotated filters.

#include <algorithm>
#include <array>

#include "kernels/base/cpu/blocked_gemm.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/lane_activation.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/cpu/rotated.h"

namespace convlens {
namespace {

constexpr int64_t most_inputs = 4;

template <int lanes>
class FewInputsKernel final : public Kernel {
  using Lanes = FloatLanes<lanes>;
  static constexpr int most_pixels = BlockedGemm<lanes>::most_pixels, vectors = 2;

 public:
  explicit FewInputsKernel(const Problem& problem)
      : s_(problem),
        activated_(problem.activation),
        out_blocks_((s_.out_channels + lanes - 1) / lanes),
        rows_((s_.y.output - 1) * s_.y.stride + s_.y.kernel),
        columns_((s_.x.output - 1) * s_.x.stride + s_.x.kernel) {}

  size_t workspace() const override {
    return static_cast<size_t>(s_.batch * s_.in_channels * rows_ * columns_) * sizeof(float);
  }
  size_t packed_bytes() const override {
    return static_cast<size_t>((taps() + 1) * out_groups() * vectors * lanes) * sizeof(float);
  }

  /// Groups of output channels x taps of all channels x the group's channels, and the bias behind them.
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    constexpr int64_t group = vectors * lanes;
    auto* to = reinterpret_cast<float*>(packed);
    std::fill_n(to, packed_bytes() / sizeof(float), 0.0F);
    for (int64_t o = 0; o < s_.out_channels; ++o)
      for (int64_t tap = 0; tap < taps(); ++tap)
        to[(o / group * taps() + tap) * group + o % group] = weights[0].f32()[o * taps() + tap];
    if (weights.size() > 1) std::copy_n(weights[1].f32(), s_.out_channels, to + bias_offset());
  }

  void run(const Arguments& args) override {
    auto* const framed = reinterpret_cast<float*>(args.workspace);
    parallel_for(s_.batch * s_.in_channels * rows_, [&](int64_t i) {
      frame_row(args.inputs[0].f32() + i / rows_ * s_.y.input * s_.x.input, i % rows_, framed + i * columns_);
    });
    parallel_for(s_.batch * s_.y.output,
                 [&](int64_t i) { output_row(args, framed, i / s_.y.output, i % s_.y.output); });
  }

 private:
  int64_t taps() const { return s_.in_channels * s_.y.kernel * s_.x.kernel; }
  int64_t out_groups() const { return (out_blocks_ + vectors - 1) / vectors; }
  int64_t bias_offset() const { return taps() * out_groups() * vectors * lanes; }

  void frame_row(const float* plane, int64_t row, float* to) const {
    const int64_t y = row - s_.y.before, before = std::min(s_.x.before, columns_);
    const int64_t inside = y >= 0 && y < s_.y.input ? std::min(s_.x.input, columns_ - before) : 0;
    to = std::fill_n(to, before, 0.0F);
    if (inside > 0) to = std::copy_n(plane + y * s_.x.input, inside, to);
    std::fill_n(to, columns_ - before - inside, 0.0F);
  }

  void output_row(const Arguments& args, const float* framed, int64_t n, int64_t p) const {
    static constexpr auto by_count = []<int... i>(std::integer_sequence<int, i...>) {
      using Tile = void (FewInputsKernel::*)(const float*, const float*, const float*, float*) const;
      return std::array<std::array<Tile, vectors>, most_pixels>{
          {{&FewInputsKernel::tile<i + 1, 1>, &FewInputsKernel::tile<i + 1, 2>}...}};
    }
    (std::make_integer_sequence<int, most_pixels>{});
    const auto* weights = reinterpret_cast<const float*>(args.packed);
    const float* window = framed + (n * s_.in_channels * rows_ + p * s_.y.stride) * columns_;
    const int64_t tiles = (s_.x.output + most_pixels - 1) / most_pixels;
    for (int64_t block = 0; block < out_blocks_; block += vectors) {
      const auto blocks = static_cast<size_t>(std::min<int64_t>(vectors, out_blocks_ - block));
      float* y = args.output.f32() + ((n * out_blocks_ + block) * s_.y.output + p) * s_.x.output * lanes;
      for (int64_t i = 0; i < tiles; ++i) {
        const int64_t begin = i * s_.x.output / tiles, end = (i + 1) * s_.x.output / tiles;
        (this->*by_count[static_cast<size_t>(end - begin - 1)][blocks - 1])(
            window + begin * s_.x.stride, weights + block * taps() * lanes, weights + bias_offset() + block * lanes,
            y + begin * lanes);
      }
    }
  }

  template <int pixels, int blocks>
  void tile(const float* x, const float* w, const float* bias, float* y) const {
    std::array<std::array<Lanes, pixels>, blocks> sums{};
    for (int64_t i = 0; i < s_.in_channels; ++i)
      for (int64_t r = 0; r < s_.y.kernel; ++r) {
        const float* row = x + (i * rows_ + r) * columns_;
        for (int64_t t = 0; t < s_.x.kernel; ++t, ++row, w += vectors * lanes) {
          std::array<Lanes, blocks> filter;
#pragma GCC unroll 2
          for (int j = 0; j < blocks; ++j) filter[j] = load_register<Lanes>(w + j * lanes);
#pragma GCC unroll 14
          for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 2
            for (int j = 0; j < blocks; ++j) sums[j][p] += row[p * s_.x.stride] * filter[j];
        }
      }
    const int64_t plane = s_.y.output * s_.x.output * lanes;
#pragma GCC unroll 2
    for (int j = 0; j < blocks; ++j)
#pragma GCC unroll 14
      for (int p = 0; p < pixels; ++p)
        store_lanes(y + j * plane + p * lanes, activated_(sums[j][p] + load_lanes<Lanes>(bias + j * lanes)));
  }

  Conv2dSizes s_;
  LaneActivation activated_;
  int64_t out_blocks_, rows_, columns_;  // rows and columns under the windows, with their padding
};

std::optional<std::string> refuses(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (s.in_channels > most_inputs) return "is for up to four input channels";
  if (s.groups != 1) return "needs one group";
  if (s.y.dilation != 1 || s.x.dilation != 1) return "needs dilation 1";
  return refuses_layouts(problem, {Layout::nchw, cpu_blocked_layout()});
}

std::unique_ptr<Kernel> kernel(const Problem& problem) {
  return with_blocked_lanes(
      [&](auto lanes) -> std::unique_ptr<Kernel> { return std::make_unique<FewInputsKernel<lanes>>(problem); });
}

Variant forward() {
  return {.name = "few_inputs",
          .device = Device::cpu,
          .pass = Pass::forward,
          .priority = 8,
          .fuses_activation = true,
          .layouts =
              [](const Problem&) {
                return IoLayout{Layout::nchw, cpu_blocked_layout()};
              },
          .refuses = refuses,
          .prepare = kernel};
}

// oneDNN fills vectors with the few output channels, where it has kernels at all.
Variant backward() {
  Variant variant = rotated_variant(forward());
  variant.priority = 15;
  return variant;
}

const RegisterVariant registered_forward("conv2d", forward());
const RegisterVariant registered_backward_data("conv2d", backward());

}  // namespace
}  // namespace convlens
