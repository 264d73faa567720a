// Layouts with channels side by side (blocked, NHWC): a vector of channels is compared as one.
// Forward: maximum and tap stay in registers while the window is read; one store each.
// Backward gathers: every element of the input adds up the gradients of those windows that hold it and whose note names
// it. Nothing is written twice, so rows go to threads freely and no zeros need be laid first.

#include <vector>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
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
      : s_(problem), e_(problem.output), x_plane_(s_.y.input * s_.x.input * e_.block), x_row_(s_.x.input * e_.block) {
    for (int64_t h = 0; h < s_.y.input; ++h) rows_.push_back(covering_outputs(s_.y, h));
    for (int64_t w = 0; w < s_.x.input; ++w) columns_.push_back(covering_outputs(s_.x, w));
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

  void backward(const float* grad_y, const Note* notes, float* grad_x) const {
    const int64_t height = s_.y.input, y_plane = e_.h * e_.w * e_.block;
    parallel_for(
        e_.n * e_.blocks * height,
        [&](int64_t i) {
          const int64_t plane = i / height * y_plane;
          backward_row(grad_y + plane, notes + plane, i % height, grad_x + i * x_row_);
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

  void backward_row(const float* grad_y, const Note* notes, int64_t h, float* grad_x) const {
    const IndexRange rows = rows_[static_cast<size_t>(h)];
    const int64_t block = e_.block, y_row = e_.w * block;
    // Going from one output to the next, the tap under which it sees the same input element falls by the stride.
    const int64_t tap_row = s_.y.stride * s_.x.kernel, tap_column = s_.x.stride;
    const int64_t row_tap = (h + s_.y.before - rows.begin * s_.y.stride) * s_.x.kernel;
    for (int64_t w = 0; w < s_.x.input; ++w) {
      const IndexRange columns = columns_[static_cast<size_t>(w)];
      const int64_t first_tap = row_tap + w + s_.x.before - columns.begin * s_.x.stride;
      const int64_t first = rows.begin * y_row + columns.begin * block;
      for_each_vector<lanes>(block, [&](int64_t c) {
        Values sum{};
        for (int64_t p = 0; p < rows.size(); ++p)
          for (int64_t q = 0; q < columns.size(); ++q) {
            const int64_t at = first + p * y_row + q * block + c;
            const Taps here = Taps{} + static_cast<int32_t>(first_tap - p * tap_row - q * tap_column);
            sum += load_widened<lanes>(notes + at) == here ? load_lanes<Values>(grad_y + at) : Values{};
          }
        store_lanes(grad_x + w * block + c, sum);
      });
    }
  }

  MaxPool2dSizes s_;
  BlockedExtents e_;
  int64_t x_plane_, x_row_;
  std::vector<IndexRange> rows_, columns_;
};

template <int lanes, class Note>
class LaneKernel final : public Kernel {
 public:
  LaneKernel(const Problem& problem, Pass pass) : pool_(problem), pass_(pass) {}
  void run(const Arguments& args) override {
    Note* notes = reinterpret_cast<Note*>(args.saved);
    if (pass_ == Pass::forward) return pool_.forward(args.inputs[0].f32(), args.output.f32(), notes);
    pool_.backward(args.grad_output.f32(), notes, args.grad_inputs[0].f32());
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
  return {
      .name = "lanes", .device = Device::cpu, .pass = pass, .refuses = refuses, .prepare = [=](const Problem& problem) {
        return make(problem, pass);
      }};
}

const RegisterVariant forward("max_pool2d", lanes(Pass::forward));
const RegisterVariant backward_data("max_pool2d", lanes(Pass::backward_data));

}  // namespace
}  // namespace convlens
