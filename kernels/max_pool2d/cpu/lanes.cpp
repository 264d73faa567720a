// Layouts with channels side by side (blocked, NHWC): a vector of channels is compared as one.
// Forward: maximum and tap stay in registers while the window is read; one store each.
// Backward: a row of the input adds up what the rows of windows over it give to those elements that their notes name.
// Each row has one owner, so rows go to threads freely.

#include <vector>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/cpu/relu_mask.h"
#include "kernels/base/registry.h"
#include "kernels/max_pool2d/max_pool2d.h"

namespace convlens {
namespace {

/// The part of a window inside the input: the first tap, and how many from there.
struct Inside {
  const float* x;
  int64_t first_tap, rows, columns;
};

template <int lanes, class Note>
class LaneMaxPool {
 public:
  LaneMaxPool(const Problem& problem)
      : s_(problem),
        e_(problem.output),
        x_plane_(s_.y.input * s_.x.input * e_.block),
        x_row_(s_.x.input * e_.block),
        whole_(whole_windows(s_.x)) {
    for (int64_t h = 0; h < s_.y.input; ++h) rows_.push_back(covering_outputs(s_.y, h));
  }

  void forward(const float* x, float* y, Note* notes) const {
    const int64_t y_row = e_.w * e_.block;
    parallel_for(
        e_.n * e_.blocks * e_.h,
        [&](int64_t i) {
          forward_row(x + i / e_.h * x_plane_, i % e_.h, y + i * y_row, notes ? notes + i * y_row : nullptr);
        },
        grain(y_row));
  }

  /// finish_row(first): for a vector of channels of a row's pixels, whose first one lies there, when it is complete.
  template <class FinishRow>
  void backward(const float* grad_y, const Note* notes, float* grad_x, const FinishRow& finish_row) const {
    const int64_t height = s_.y.input, y_plane = e_.h * e_.w * e_.block;
    parallel_for(
        e_.n * e_.blocks * height,
        [&](int64_t i) {
          const int64_t plane = i / height * y_plane;
          backward_row(grad_y + plane, notes + plane, i % height, grad_x + i * x_row_, finish_row);
        },
        grain(x_row_));
  }

 private:
  using Values = FloatLanes<lanes>;
  using Taps = IntLanes<lanes>;
  using Notes = typename VectorOf<Note, lanes>::type;

  static int64_t grain(int64_t row) { return (1 << 13) / row + 2; }

  void forward_row(const float* plane, int64_t p, float* y, Note* notes) const {
    const IndexRange rows = covered_inputs(s_.y, p);
    const int64_t first_row = rows.begin - (p * s_.y.stride - s_.y.before);
    for (int64_t q = 0; q < e_.w; ++q) {
      const IndexRange columns = covered_inputs(s_.x, q);
      const int64_t first_tap = first_row * s_.x.kernel + columns.begin - (q * s_.x.stride - s_.x.before);
      const float* x = plane + rows.begin * x_row_ + columns.begin * e_.block;
      for_each_vector<lanes>(e_.block, [&](int64_t c) {
        const Inside inside{x + c, first_tap, rows.size(), columns.size()};
        const int64_t at = q * e_.block + c;
        notes ? noted_maximum(inside, y + at, notes + at) : maximum(inside, y + at);
      });
    }
  }

  // The common windows are unrolled: with constant bounds the compiler keeps no loop.
  void noted_maximum(const Inside& in, float* y, Note* notes) const {
    if (in.rows == 3 && in.columns == 3 && s_.x.kernel == 3) return noted_maximum(in, 3, 3, 3, y, notes);
    if (in.rows == 2 && in.columns == 2 && s_.x.kernel == 2) return noted_maximum(in, 2, 2, 2, y, notes);
    noted_maximum(in, in.rows, in.columns, s_.x.kernel, y, notes);
  }
  void maximum(const Inside& in, float* y) const {
    if (in.rows == 3 && in.columns == 3) return maximum(in, 3, 3, y);
    if (in.rows == 2 && in.columns == 2) return maximum(in, 2, 2, y);
    maximum(in, in.rows, in.columns, y);
  }

  [[gnu::always_inline]] void noted_maximum(const Inside& in, int64_t rows, int64_t columns, int64_t kernel_width,
                                            float* y, Note* notes) const {
    Values best = load_lanes<Values>(in.x);
    Taps best_tap = Taps{} + static_cast<int32_t>(in.first_tap);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t t = 0; t < columns; ++t) {
        const Values value = load_lanes<Values>(in.x + r * x_row_ + t * e_.block);
        const Taps tap = Taps{} + static_cast<int32_t>(in.first_tap + r * kernel_width + t);
        const auto taken = (value > best) | (value != value);
        best = taken ? value : best;
        best_tap = taken ? tap : best_tap;
      }
    store_lanes(y, best);
    store_lanes(notes, __builtin_convertvector(best_tap, Notes));
  }

  [[gnu::always_inline]] void maximum(const Inside& in, int64_t rows, int64_t columns, float* y) const {
    Values best = load_lanes<Values>(in.x);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t t = 0; t < columns; ++t) {
        const Values value = load_lanes<Values>(in.x + r * x_row_ + t * e_.block);
        best = ((value > best) | (value != value)) ? value : best;
      }
    store_lanes(y, best);
  }

  // A vector of channels after the other, so that sums in place are made once where the last vector overlaps.
  template <class FinishRow>
  void backward_row(const float* grad_y, const Note* notes, int64_t h, float* grad_x,
                    const FinishRow& finish_row) const {
    const IndexRange rows = rows_[static_cast<size_t>(h)];
    for_each_vector<lanes>(e_.block, [&](int64_t c) {
      for (int64_t w = 0; w < s_.x.input; ++w) store_lanes(grad_x + w * e_.block + c, Values{});
      for (int64_t p = rows.begin; p < rows.end; ++p) {
        const int64_t at = p * e_.w * e_.block + c, tap = (h + s_.y.before - p * s_.y.stride) * s_.x.kernel;
        add_row(grad_y + at, notes + at, tap, grad_x + c);
      }
      finish_row(grad_x + c);
    });
  }

  // What a row of windows gives to a row of the input that lies under their taps first_tap, first_tap + 1, ...
  void add_row(const float* grad_y, const Note* notes, int64_t first_tap, float* grad_x) const {
    const auto add = [&](int64_t q, int64_t begin, int64_t count) {
      const int64_t tap = first_tap + begin - (q * s_.x.stride - s_.x.before);
      add_window(grad_y + q * e_.block, notes + q * e_.block, tap, count, grad_x + begin * e_.block);
    };
    const auto add_all = [&](int64_t begin, int64_t end) {
      for (int64_t q = begin; q < end; ++q) add(q, covered_inputs(s_.x, q).begin, covered_inputs(s_.x, q).size());
    };
    const auto add_whole = [&](auto width) {
      for (int64_t q = whole_.begin; q < whole_.end; ++q) add(q, q * s_.x.stride - s_.x.before, width);
    };
    add_all(0, whole_.begin);
    if (s_.x.kernel == 2)
      add_whole(std::integral_constant<int64_t, 2>{});
    else if (s_.x.kernel == 3)
      add_whole(std::integral_constant<int64_t, 3>{});
    else
      add_whole(s_.x.kernel);
    add_all(whole_.end, e_.w);
  }

  [[gnu::always_inline]] void add_window(const float* grad_y, const Note* notes, int64_t tap, int64_t count,
                                         float* grad_x) const {
    const Values g = load_lanes<Values>(grad_y);
    const Taps named = load_widened<lanes>(notes) - static_cast<int32_t>(tap);
    for (int64_t t = 0; t < count; ++t) {
      float* x = grad_x + t * e_.block;
      store_lanes(x, load_lanes<Values>(x) + (named == static_cast<int32_t>(t) ? g : Values{}));
    }
  }

  MaxPool2dSizes s_;
  BlockedExtents e_;
  int64_t x_plane_, x_row_;
  std::vector<IndexRange> rows_;  ///< of outputs whose windows hold a row of the input
  IndexRange whole_;              ///< of outputs of a row whose windows lie inside the input's width
};

template <int lanes, class Note>
class LaneKernel final : public Kernel {
 public:
  LaneKernel(const Problem& problem, Pass pass) : pool_(problem), pass_(pass) {}
  void run(const Arguments& args) override {
    Note* notes = reinterpret_cast<Note*>(args.saved);
    if (pass_ == Pass::forward) return pool_.forward(args.inputs[0].f32(), args.output.f32(), notes);
    const TensorView& grad_x = args.grad_inputs[0];
    if (!args.relu_mask) return pool_.backward(args.grad_output.f32(), notes, grad_x.f32(), [](float*) {});
    const ReluMask<lanes> masked(args.relu_mask, args.mode);
    const BlockedExtents e(grad_x.desc);
    pool_.backward(args.grad_output.f32(), notes, grad_x.f32(), [=, all = grad_x.f32()](float* first) {
      for (float* at = first; at < first + e.w * e.block; at += e.block)
        store_lanes(at, masked(load_lanes<FloatLanes<lanes>>(at), at - all));
    });
  }

 private:
  LaneMaxPool<lanes, Note> pool_;
  Pass pass_;
};

std::unique_ptr<Kernel> make(const Problem& problem, Pass pass) {
  std::unique_ptr<Kernel> kernel;
  with_lanes(BlockedExtents(problem.output).block, [&](auto lanes) {
    if (max_pool2d_note_bytes(problem) == 1)
      kernel = std::make_unique<LaneKernel<lanes, uint8_t>>(problem, pass);
    else
      kernel = std::make_unique<LaneKernel<lanes, uint32_t>>(problem, pass);
  });
  return kernel;
}

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.inputs[0].layout != Layout::nchw) return std::nullopt;
  return "needs a layout with channels side by side";
}

Variant lanes(Pass pass) {
  return {.name = "lanes",
          .device = Device::cpu,
          .pass = pass,
          .masks_gradient = pass == Pass::backward_data,
          .refuses = refuses,
          .prepare = [=](const Problem& problem) { return make(problem, pass); }};
}

const RegisterVariant forward("max_pool2d", lanes(Pass::forward));
const RegisterVariant backward_data("max_pool2d", lanes(Pass::backward_data));

}  // namespace
}  // namespace convlens
