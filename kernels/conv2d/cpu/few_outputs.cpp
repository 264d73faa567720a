// Few output channels, such as the last layer of a network that paints, or the gradient of an image: vectors that run
// over output channels would be mostly empty, so they run over input channels. Each holds the sums of its lanes until
// all taps are added, and is added up itself at the end. The gradient is the forward pass on rotated filters.

#include <algorithm>
#include <array>

#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/lane_activation.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/pool_window.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/cpu/rotated.h"

namespace convlens {
namespace {

constexpr int most_outputs = 4;

template <int lanes>
class FewOutputsKernel final : public Kernel {
  using Lanes = FloatLanes<lanes>;

 public:
  explicit FewOutputsKernel(const Problem& problem)
      : s_(problem),
        activated_(problem.activation),
        blocks_((s_.in_channels + lanes - 1) / lanes),
        whole_(whole_windows(s_.x)) {}

  size_t packed_bytes() const override { return static_cast<size_t>(bias_offset() + most_outputs) * sizeof(float); }

  /// Rows of taps x blocks of input channels x taps x output channels x lanes, and the bias behind them.
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    auto* to = reinterpret_cast<float*>(packed);
    std::fill_n(to, packed_bytes() / sizeof(float), 0.0F);
    const float* from = weights[0].f32();
    for (int64_t o = 0; o < s_.out_channels; ++o)
      for (int64_t i = 0; i < s_.in_channels; ++i)
        for (int64_t r = 0; r < s_.y.kernel; ++r)
          for (int64_t t = 0; t < s_.x.kernel; ++t)
            to[(((r * blocks_ + i / lanes) * s_.x.kernel + t) * s_.out_channels + o) * lanes + i % lanes] = *from++;
    if (weights.size() > 1) std::copy_n(weights[1].f32(), s_.out_channels, to + bias_offset());
  }

  void run(const Arguments& args) override {
    static constexpr std::array<void (FewOutputsKernel::*)(const Arguments&, int64_t, int64_t) const, most_outputs>
        by_outputs{&FewOutputsKernel::row<1>, &FewOutputsKernel::row<2>, &FewOutputsKernel::row<3>,
                   &FewOutputsKernel::row<4>};
    const auto of_row = by_outputs[static_cast<size_t>(s_.out_channels - 1)];
    parallel_for(s_.batch * s_.y.output, [&](int64_t i) { (this->*of_row)(args, i / s_.y.output, i % s_.y.output); });
  }

 private:
  /// Where the window of an output begins, and the part of it inside the input.
  struct Window {
    const float* x;  // of the first block of channels, at the first tap; may lie outside
    IndexRange rows, columns;
    const float* weights;
    const float* bias;
    float* y;
  };

  int64_t bias_offset() const { return s_.y.kernel * s_.x.kernel * blocks_ * s_.out_channels * lanes; }
  int64_t x_plane() const { return s_.y.input * s_.x.input * lanes; }
  int64_t y_plane() const { return s_.y.output * s_.x.output; }

  /// The taps of an output's window that lie inside the input.
  static IndexRange taps_inside(const WindowAxis& axis, int64_t output) {
    const int64_t first = output * axis.stride - axis.before;
    return {std::max<int64_t>(0, -first), std::min(axis.kernel, axis.input - first)};
  }

  Window window(const Arguments& args, int64_t n, int64_t p, int64_t q) const {
    const int64_t y = p * s_.y.stride - s_.y.before, x = q * s_.x.stride - s_.x.before;
    const auto* weights = reinterpret_cast<const float*>(args.packed);
    return {args.inputs[0].f32() + n * blocks_ * x_plane() + (y * s_.x.input + x) * lanes,
            taps_inside(s_.y, p),
            taps_inside(s_.x, q),
            weights,
            weights + bias_offset(),
            args.output.f32() + n * s_.out_channels * y_plane() + p * s_.x.output + q};
  }

  template <int outputs>
  void row(const Arguments& args, int64_t n, int64_t p) const {
    // With a vector of each pixel, and one of the filter for each output, they fill the registers.
    constexpr int pixels = std::min((lanes == 16 ? 24 : 10) / outputs, 8);
    int64_t q = 0;
    for (; q < whole_.begin; ++q) tile<outputs, 1>(window(args, n, p, q));
    for (; q + pixels <= whole_.end; q += pixels) tile<outputs, pixels>(window(args, n, p, q));
    for (; q < s_.x.output; ++q) tile<outputs, 1>(window(args, n, p, q));
  }

  /// Some neighbouring pixels of all outputs, whose windows have the same columns inside the input.
  template <int outputs, int pixels>
  void tile(const Window& window) const {
    std::array<std::array<Lanes, pixels>, outputs> sums{};
    const int64_t step = s_.x.stride * lanes;
    for (int64_t r = window.rows.begin; r < window.rows.end; ++r)
      for (int64_t block = 0; block < blocks_; ++block) {
        const float* x = window.x + block * x_plane() + r * s_.x.input * lanes;
        const float* w = window.weights + (r * blocks_ + block) * s_.x.kernel * outputs * lanes;
        for (int64_t t = window.columns.begin; t < window.columns.end; ++t) {
          std::array<Lanes, outputs> filter;
#pragma GCC unroll 4
          for (int o = 0; o < outputs; ++o) filter[o] = load_lanes<Lanes>(w + (t * outputs + o) * lanes);
#pragma GCC unroll 8
          for (int p = 0; p < pixels; ++p) {
            const auto v = load_lanes<Lanes>(x + t * lanes + p * step);
#pragma GCC unroll 4
            for (int o = 0; o < outputs; ++o) sums[o][p] += v * filter[o];
          }
        }
      }
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o)
#pragma GCC unroll 8
      for (int p = 0; p < pixels; ++p)
        window.y[o * y_plane() + p] = activated_(FloatLanes<1>{} + (horizontal_sum(sums[o][p]) + window.bias[o]))[0];
  }

  Conv2dSizes s_;
  LaneActivation activated_;
  int64_t blocks_;
  IndexRange whole_;
};

std::optional<std::string> few_outputs_refuse(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (s.out_channels > most_outputs) return "is for up to four output channels";
  if (s.groups != 1) return "needs one group";
  if (s.y.dilation != 1 || s.x.dilation != 1) return "needs dilation 1";
  return refuses_layouts(problem, {cpu_blocked_layout(), Layout::nchw});
}

std::unique_ptr<Kernel> few_outputs_kernel(const Problem& problem) {
  return with_blocked_lanes(
      [&](auto lanes) -> std::unique_ptr<Kernel> { return std::make_unique<FewOutputsKernel<lanes>>(problem); });
}

Variant variant() {
  return {.name = "few_outputs",
          .device = Device::cpu,
          .pass = Pass::forward,
          .priority = 40,
          .fuses_activation = true,
          .layouts =
              [](const Problem&) {
                return IoLayout{cpu_blocked_layout(), Layout::nchw};
              },
          .refuses = few_outputs_refuse,
          .prepare = few_outputs_kernel};
}

const RegisterVariant forward("conv2d", variant());
const RegisterVariant backward_data("conv2d", rotated_variant(variant()));

}  // namespace
}  // namespace convlens
