// NCHW. Forward: neighbouring outputs of a row are compared as one vector; with a stride of 1 or 2 it is filled by one
// or two loads. Outputs whose window sticks out of the input are done one by one.
// Backward scatters within one plane, of which each thread has its own: few writes, as an output names one input.

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/max_pool2d/max_pool2d.h"

namespace convlens {
namespace {

template <int lanes, size_t... i>
[[gnu::always_inline]] inline FloatLanes<lanes> every_second(const float* x, std::index_sequence<i...>) {
  // The second load begins one early, so that neither reads behind the last element wanted.
  const auto low = load_lanes<FloatLanes<lanes>>(x), high = load_lanes<FloatLanes<lanes>>(x + lanes - 1);
  return __builtin_shufflevector(low, high, (2 * i + (i >= lanes / 2))...);
}

/// x[0], x[stride], x[2 stride], ...; `fixed` is the stride where it is 1 or 2, else 0.
template <int lanes, int fixed>
[[gnu::always_inline]] inline FloatLanes<lanes> load_strided(const float* x, [[maybe_unused]] int64_t stride) {
  if constexpr (lanes == 1 || fixed == 1) {
    return load_lanes<FloatLanes<lanes>>(x);
  } else if constexpr (fixed == 2) {
    return every_second<lanes>(x, std::make_index_sequence<lanes>());
  } else {
    FloatLanes<lanes> v;
    for (int i = 0; i < lanes; ++i) v[i] = x[i * stride];
    return v;
  }
}

/// The part of the windows inside the input: where the first tap lies for the first output, its number, and how many.
struct Inside {
  const float* x;
  int64_t first_tap, rows, columns;
};

template <class Note>
class PlaneMaxPool {
 public:
  explicit PlaneMaxPool(const Problem& problem)
      : s_(problem), planes_(problem.output.shape.n() * problem.output.shape.c()), whole_(whole_windows(s_.x)) {
    for (int64_t r = 0; r < s_.y.kernel; ++r)
      for (int64_t t = 0; t < s_.x.kernel; ++t) tap_offsets_.push_back(r * s_.x.input + t);
  }

  void forward(const float* x, float* y, Note* notes) const {
    const int64_t width = s_.x.output;
    parallel_for(
        planes_ * s_.y.output,
        [&](int64_t i) {
          const float* plane = x + i / s_.y.output * s_.y.input * s_.x.input;
          forward_row(plane, i % s_.y.output, y + i * width, notes ? notes + i * width : nullptr);
        },
        grain(width));
  }

  void backward(const float* grad_y, const Note* notes, float* grad_x) const {
    const int64_t x_plane = s_.y.input * s_.x.input, y_plane = s_.y.output * s_.x.output;
    parallel_for(
        planes_,
        [&](int64_t i) {
          std::fill_n(grad_x + i * x_plane, x_plane, 0.0F);
          scatter_plane(grad_y + i * y_plane, notes + i * y_plane, grad_x + i * x_plane);
        },
        grain(x_plane));
  }

 private:
  static int64_t grain(int64_t elements) { return (1 << 13) / elements + 2; }

  void forward_row(const float* plane, int64_t p, float* y, Note* notes) const {
    for (int64_t q = 0; q < whole_.begin; ++q) pool<1, 0>(inside(plane, p, q), y, notes, q);
    for (int64_t q = whole_.end; q < s_.x.output; ++q) pool<1, 0>(inside(plane, p, q), y, notes, q);
    if (whole_.size() == 0) return;
    with_lanes(whole_.size(), [&](auto lanes) {
      for_each_vector<lanes>(whole_.size(), [&](int64_t i) {
        const Inside in = inside(plane, p, whole_.begin + i);
        if (s_.x.stride == 1) return pool<lanes, 1>(in, y, notes, whole_.begin + i);
        if (s_.x.stride == 2) return pool<lanes, 2>(in, y, notes, whole_.begin + i);
        pool<lanes, 0>(in, y, notes, whole_.begin + i);
      });
    });
  }

  Inside inside(const float* plane, int64_t p, int64_t q) const {
    const IndexRange rows = covered_inputs(s_.y, p), columns = covered_inputs(s_.x, q);
    const int64_t r = rows.begin - p * s_.y.stride + s_.y.before, t = columns.begin - q * s_.x.stride + s_.x.before;
    return {plane + rows.begin * s_.x.input + columns.begin, r * s_.x.kernel + t, rows.size(), columns.size()};
  }

  template <int lanes, int stride>
  void pool(const Inside& in, float* y, Note* notes, int64_t q) const {
    using Values = FloatLanes<lanes>;
    using Taps = IntLanes<lanes>;
    Values best = load_strided<lanes, stride>(in.x, s_.x.stride);
    Taps best_tap = Taps{} + static_cast<int32_t>(in.first_tap);
    for (int64_t r = 0; r < in.rows; ++r)
      for (int64_t t = 0; t < in.columns; ++t) {
        const Values value = load_strided<lanes, stride>(in.x + r * s_.x.input + t, s_.x.stride);
        const Taps tap = Taps{} + static_cast<int32_t>(in.first_tap + r * s_.x.kernel + t);
        const auto taken = (value > best) | (value != value);
        best = taken ? value : best;
        best_tap = taken ? tap : best_tap;
      }
    store_lanes(y + q, best);
    if (notes) store_lanes(notes + q, __builtin_convertvector(best_tap, typename VectorOf<Note, lanes>::type));
  }

  void scatter_plane(const float* grad_y, const Note* notes, float* grad_x) const {
    for (int64_t p = 0; p < s_.y.output; ++p)
      for (int64_t q = 0; q < s_.x.output; ++q) {
        const int64_t i = p * s_.x.output + q;
        const int64_t corner = (p * s_.y.stride - s_.y.before) * s_.x.input + q * s_.x.stride - s_.x.before;
        grad_x[corner + tap_offsets_[notes[i]]] += grad_y[i];
      }
  }

  MaxPool2dSizes s_;
  int64_t planes_;
  IndexRange whole_;                  ///< the outputs of a row whose windows lie inside the input's width
  std::vector<int64_t> tap_offsets_;  ///< from the window's corner, in elements of the input
};

template <class Note>
class PlaneKernel final : public Kernel {
 public:
  PlaneKernel(const Problem& problem, Pass pass) : pool_(problem), pass_(pass) {}
  void run(const Arguments& args) override {
    Note* notes = reinterpret_cast<Note*>(args.saved);
    if (pass_ == Pass::forward) return pool_.forward(args.inputs[0].f32(), args.output.f32(), notes);
    pool_.backward(args.grad_output.f32(), notes, args.grad_inputs[0].f32());
  }

 private:
  PlaneMaxPool<Note> pool_;
  Pass pass_;
};

std::unique_ptr<Kernel> make(const Problem& problem, Pass pass) {
  if (max_pool2d_note_bytes(problem) == 1) return std::make_unique<PlaneKernel<uint8_t>>(problem, pass);
  return std::make_unique<PlaneKernel<uint32_t>>(problem, pass);
}

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.inputs[0].layout == Layout::nchw) return std::nullopt;
  return "needs NCHW";
}

Variant planes(Pass pass) {
  return {.name = "planes",
          .device = Device::cpu,
          .pass = pass,
          .refuses = refuses,
          .prepare = [=](const Problem& problem) { return make(problem, pass); }};
}

const RegisterVariant forward("max_pool2d", planes(Pass::forward));
const RegisterVariant backward_data("max_pool2d", planes(Pass::backward_data));

}  // namespace
}  // namespace convlens
