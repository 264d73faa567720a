// Depthwise convolutions of 3 x 3 and 5 x 5 windows: a filter a channel, so a vector of channels times a vector of
// weights, no sums across. Several neighbouring results are made at once, which share each vector of weights, with all
// of a row's taps unrolled. dL/dx is gathered: a pixel of it is a sum over the taps whose window reaches it, every
// stride-th of a row, and pixels `stride` apart are reached by the same taps. Rows so short that too many results
// are at an edge are put between zeros first.

#include <omp.h>

#include <array>

#include "kernels/base/aligned_size.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/lane_activation.h"
#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

/// Results of a row, `result_step` pixels apart, and the taps they are sums of: tap `j` of result `u` is weight
/// j * weight_step times pixel j * tap_step + u * pixel_step.
template <int lanes, int taps, int weight_step, int tap_step, int pixel_step>
struct RowTaps {
  using Lanes = FloatLanes<lanes>;

  template <size_t count>
  [[gnu::always_inline]] static inline void add(std::array<Lanes, count>& sum, const float* weights,
                                                const float* pixels) {
#pragma GCC unroll 5
    for (int j = 0; j < taps; ++j) {
      const auto weight = load_lanes<Lanes>(weights + j * weight_step * lanes);
#pragma GCC unroll 7
      for (int u = 0; u < static_cast<int>(count); ++u)
        sum[u] += weight * load_lanes<Lanes>(pixels + (j * tap_step + u * pixel_step) * lanes);
    }
  }

  /// Of one result, those taps alone whose pixels, the first of which is number `first`, lie within the row.
  static void add_inside(Lanes& sum, const float* weights, const float* row, int64_t first, int64_t width) {
    for (int j = 0; j < taps; ++j) {
      const int64_t pixel = first + j * tap_step;
      if (pixel >= 0 && pixel < width)
        sum += load_lanes<Lanes>(weights + j * weight_step * lanes) * load_lanes<Lanes>(row + pixel * lanes);
    }
  }
};

/// Rows of pixels under a row of results, and each one's weights.
template <int k>
struct Rows {
  int count = 0;
  std::array<const float*, k> pixels, weights;
};

constexpr int results_at_once = 7;  // the widths of most networks' maps are multiples of it

/// Calls store(u, sum) for results [0, count) of a row. The first tap of result u is pixel `first` + u * pixel_step of
/// `width`.
template <int lanes, int taps, int weight_step, int tap_step, int pixel_step, int k, class Store>
void sum_row(const Rows<k>& rows, FloatLanes<lanes> start, int64_t first, int64_t width, int64_t count,
             const Store& store) {
  using Taps = RowTaps<lanes, taps, weight_step, tap_step, pixel_step>;
  using Lanes = FloatLanes<lanes>;
  // All taps of results [begin, end) are inside.
  const int64_t lowest = std::min(0, (taps - 1) * tap_step), highest = std::max(0, (taps - 1) * tap_step);
  const int64_t begin = std::clamp<int64_t>((pixel_step - 1 - first - lowest) / pixel_step, 0, count);
  const int64_t end = std::clamp<int64_t>((width - 1 - first - highest + pixel_step) / pixel_step, begin, count);
  const auto at_edge = [&](int64_t u) {
    Lanes sum = start;
    for (int r = 0; r < rows.count; ++r)
      Taps::add_inside(sum, rows.weights[r], rows.pixels[r], first + u * pixel_step, width);
    store(u, sum);
  };
  const auto inside = [&]<size_t at_once>(int64_t u, std::integral_constant<size_t, at_once>) {
    std::array<Lanes, at_once> sum;
    sum.fill(start);
    for (int r = 0; r < rows.count; ++r)
      Taps::add(sum, rows.weights[r], rows.pixels[r] + (first + u * pixel_step) * lanes);
    for (size_t i = 0; i < at_once; ++i) store(u + static_cast<int64_t>(i), sum[i]);
  };
  for (int64_t u = 0; u < begin; ++u) at_edge(u);
  // The last results are made together with some that are there already.
  if (end - begin >= results_at_once)
    for (int64_t u = begin; u < end; u += results_at_once)
      inside(std::min<int64_t>(u, end - results_at_once), std::integral_constant<size_t, results_at_once>{});
  else
    for (int64_t u = begin; u < end; ++u) inside(u, std::integral_constant<size_t, 1>{});
  for (int64_t u = end; u < count; ++u) at_edge(u);
}

/// A plane whose rows are read.
struct Plane {
  const float* pixels;
  int64_t width, margin;  ///< of a row; zeros in front of its first pixel
};

/// Planes of this many rows of `width` pixels, one after the other, each of which may be copied between zeros.
template <int lanes>
struct Planes {
  int64_t rows, width, margin;  ///< margin: zeros on both sides of a row

  Plane plane(const float* first, int64_t i) const { return {first + i * rows * width * lanes, width, 0}; }

  int64_t framed_width() const { return width + 2 * margin; }
  size_t framed_bytes() const {
    return aligned_size(static_cast<size_t>(rows * framed_width() * lanes) * sizeof(float));
  }
  Plane framed(const float* first, int64_t i, std::byte* memory) const {
    using Lanes = FloatLanes<lanes>;
    const float* from = plane(first, i).pixels;
    auto* const pixels = reinterpret_cast<float*>(memory);
    float* to = pixels;
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t x = 0; x < margin; ++x, to += lanes) store_lanes(to, Lanes{});
      for (int64_t x = 0; x < width; ++x, to += lanes, from += lanes) store_lanes(to, load_lanes<Lanes>(from));
      for (int64_t x = 0; x < margin; ++x, to += lanes) store_lanes(to, Lanes{});
    }
    return {pixels, framed_width(), margin};
  }
};

template <int lanes>
class DepthwiseKernel : public Kernel {
 public:
  /// Of a pass that reads planes of these extents, for results `step` pixels apart.
  DepthwiseKernel(const Problem& problem, int64_t rows, int64_t width, int64_t step)
      : s_(problem),
        activated_(problem.activation),
        blocks_((s_.in_channels + lanes - 1) / lanes),
        read_{rows, width, s_.x.kernel - 1},
        threads_(omp_get_max_threads()),
        framed_(width - 2 * (s_.x.kernel - 1) < results_at_once * step && planes_are_even()) {}

  size_t workspace() const override { return framed_ ? threads_ * read_.framed_bytes() : 0; }
  size_t packed_bytes() const override { return static_cast<size_t>(blocks_ * (taps() + 1) * lanes) * sizeof(float); }

  /// Blocks of channels x taps x lanes, and the bias behind them.
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    auto* to = reinterpret_cast<float*>(packed);
    std::fill_n(to, packed_bytes() / sizeof(float), 0.0F);
    for (int64_t c = 0; c < s_.in_channels; ++c)
      for (int64_t tap = 0; tap < taps(); ++tap)
        to[(c / lanes * taps() + tap) * lanes + c % lanes] = weights[0].f32()[c * taps() + tap];
    if (weights.size() > 1) std::copy_n(weights[1].f32(), s_.in_channels, to + blocks_ * taps() * lanes);
  }

 protected:
  /// make_row(plane, number of the plane, number of the row) for all rows of results.
  template <class MakeRow>
  void for_each_row(const float* read, const Arguments& args, int64_t rows, const MakeRow& make_row) const {
    const int64_t planes = s_.batch * blocks_;
    if (!framed_)
      return parallel_for(planes * rows, [&](int64_t i) { make_row(read_.plane(read, i / rows), i / rows, i % rows); });
#pragma omp parallel for schedule(static) num_threads(threads_)
    for (int64_t i = 0; i < planes; ++i) {
      const Plane plane = read_.framed(read, i, args.workspace + omp_get_thread_num() * read_.framed_bytes());
      for (int64_t y = 0; y < rows; ++y) make_row(plane, i, y);
    }
  }

  int64_t taps() const { return s_.y.kernel * s_.x.kernel; }
  const float* weights(const Arguments& args, int64_t block) const {
    return reinterpret_cast<const float*>(args.packed) + block * taps() * lanes;
  }
  const float* bias(const Arguments& args, int64_t block) const {
    return reinterpret_cast<const float*>(args.packed) + (blocks_ * taps() + block) * lanes;
  }

  Conv2dSizes s_;
  LaneActivation activated_;
  int64_t blocks_;

 private:
  // Threads that share whole planes then have about as many.
  bool planes_are_even() const {
    const int64_t planes = s_.batch * blocks_;
    return planes % threads_ == 0 || planes >= 4 * threads_;
  }

  Planes<lanes> read_;
  int threads_;
  bool framed_;
};

template <int lanes, int k, int stride>
class Forward final : public DepthwiseKernel<lanes> {
  using Base = DepthwiseKernel<lanes>;
  using Base::s_, Base::blocks_, Base::activated_;
  using Lanes = FloatLanes<lanes>;

 public:
  explicit Forward(const Problem& problem)
      : Base(problem, Conv2dSizes(problem).y.input, Conv2dSizes(problem).x.input, stride) {}

  void run(const Arguments& args) override {
    this->for_each_row(args.inputs[0].f32(), args, s_.y.output, [&](const Plane& x, int64_t plane, int64_t p) {
      const int64_t block = plane % blocks_;
      Rows<k> rows;
      for (int64_t r = 0; r < k; ++r) {
        const int64_t h = p * stride + r - s_.y.before;
        if (h < 0 || h >= s_.y.input) continue;
        rows.pixels[rows.count] = x.pixels + h * x.width * lanes;
        rows.weights[rows.count++] = this->weights(args, block) + r * k * lanes;
      }
      float* y = args.output.f32() + (plane * s_.y.output + p) * s_.x.output * lanes;
      sum_row<lanes, k, 1, 1, stride>(
          rows, load_lanes<Lanes>(this->bias(args, block)), x.margin - s_.x.before, x.width, s_.x.output,
          [&](int64_t q, const Lanes& sum) { store_lanes(y + q * lanes, activated_(sum)); });
    });
  }
};

template <int lanes, int k, int stride>
class BackwardData final : public DepthwiseKernel<lanes> {
  using Base = DepthwiseKernel<lanes>;
  using Base::s_, Base::blocks_;
  using Lanes = FloatLanes<lanes>;

 public:
  explicit BackwardData(const Problem& problem)
      : Base(problem, Conv2dSizes(problem).y.output, Conv2dSizes(problem).x.output, 1) {}

  void run(const Arguments& args) override {
    this->for_each_row(args.grad_output.f32(), args, s_.y.input, [&](const Plane& grad_y, int64_t plane, int64_t h) {
      const int64_t y = h + s_.y.before;
      Rows<k> rows;
      for (int64_t r = y % stride; r < k; r += stride) {
        const int64_t p = (y - r) / stride;
        if (y < r || p >= s_.y.output) continue;
        rows.pixels[rows.count] = grad_y.pixels + p * grad_y.width * lanes;
        rows.weights[rows.count++] = this->weights(args, plane % blocks_) + r * k * lanes;
      }
      float* to = args.grad_inputs[0].f32() + (plane * s_.y.input + h) * s_.x.input * lanes;
      add_column_class<0>(rows, grad_y, to);
      if constexpr (stride > 1) add_column_class<1>(rows, grad_y, to);
    });
  }

 private:
  /// Columns that are reached by the taps `tap`, tap + stride ..
  template <int tap>
  void add_column_class(Rows<k> rows, const Plane& grad_y, float* to) const {
    const int64_t first = (tap + stride - s_.x.before % stride) % stride;  // column
    for (int r = 0; r < rows.count; ++r) rows.weights[r] += tap * lanes;
    sum_row<lanes, (k - tap + stride - 1) / stride, stride, -1, 1>(
        rows, Lanes{}, grad_y.margin + (first + s_.x.before - tap) / stride, grad_y.width,
        (s_.x.input - first + stride - 1) / stride,
        [&](int64_t u, const Lanes& sum) { store_lanes(to + (first + u * stride) * lanes, sum); });
  }
};

std::optional<std::string> refuses(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (s.groups != s.in_channels || s.groups != s.out_channels) return "needs a filter a channel";
  for (const WindowAxis& axis : {s.y, s.x}) {
    if (axis.kernel != s.x.kernel || (axis.kernel != 3 && axis.kernel != 5)) return "needs 3 x 3 or 5 x 5 windows";
    if (axis.stride != s.x.stride || axis.stride > 2) return "needs stride 1 or 2";
    if (axis.dilation != 1) return "needs dilation 1";
  }
  return refuses_layouts(problem, cpu_blocked_layouts(problem));
}

template <template <int, int, int> class Pass, int lanes>
std::unique_ptr<Kernel> prepare_for(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (s.x.kernel == 3 && s.x.stride == 1) return std::make_unique<Pass<lanes, 3, 1>>(problem);
  if (s.x.kernel == 3) return std::make_unique<Pass<lanes, 3, 2>>(problem);
  if (s.x.stride == 1) return std::make_unique<Pass<lanes, 5, 1>>(problem);
  return std::make_unique<Pass<lanes, 5, 2>>(problem);
}

template <template <int, int, int> class Pass>
std::unique_ptr<Kernel> prepare(const Problem& problem) {
  return with_blocked_lanes([&](auto lanes) { return prepare_for<Pass, lanes>(problem); });
}

// With AVX2 oneDNN's forward kernels are faster (docs/results/conv2d-cpu.md).
const int forward_priority = native_lanes == 16 ? 12 : 8, backward_priority = blocked_lanes_are_native() ? 12 : 8;

const RegisterVariant registered_forward("conv2d", {.name = "depthwise",
                                                    .device = Device::cpu,
                                                    .pass = Pass::forward,
                                                    .priority = forward_priority,
                                                    .fuses_activation = true,
                                                    .layouts = cpu_blocked_layouts,
                                                    .refuses = refuses,
                                                    .prepare = prepare<Forward>});
const RegisterVariant registered_backward_data("conv2d", {.name = "depthwise",
                                                          .device = Device::cpu,
                                                          .pass = Pass::backward_data,
                                                          .priority = backward_priority,
                                                          .layouts = cpu_blocked_layouts,
                                                          .refuses = refuses,
                                                          .prepare = prepare<BackwardData>});

}  // namespace
}  // namespace convlens
