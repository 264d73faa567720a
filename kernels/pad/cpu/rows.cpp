// Row by row. Forward: between the columns that reflect or are zero lies one stretch of the input's row, copied at
// once. Backward: a row of the input adds up the rows that show it, each as one stretch with its reflected ends. Rows
// go to threads freely, as each is written by one thread alone.

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/pad/pad.h"

namespace convlens {
namespace {

/// What the outputs of one axis show.
struct Axis {
  Axis(PadMode mode, int64_t inputs, int64_t before, int64_t outputs) : shown_by(static_cast<size_t>(inputs)) {
    for (int64_t o = 0; o < outputs; ++o) {
      sources.push_back(pad_source(mode, inputs, before, o));
      if (sources.back() >= 0) shown_by[static_cast<size_t>(sources.back())].push_back(o);
    }
    middle_begin = std::clamp<int64_t>(before, 0, outputs);
    middle_end = std::clamp<int64_t>(before + inputs, middle_begin, outputs);
  }

  std::vector<int64_t> sources;                ///< by output; -1: zero
  std::vector<std::vector<int64_t>> shown_by;  ///< by input
  int64_t middle_begin, middle_end;            ///< the outputs that show the inputs in their order
};

class PadKernel final : public Kernel {
 public:
  PadKernel(const Problem& problem, Pass pass)
      : pass_(pass),
        params_(problem.params_as<PadParams>()),
        x_(problem.inputs[0]),
        y_(problem.output),
        channels_(problem.inputs[0].shape.c()),
        rows_(params_.mode, x_.h, params_.padding.top, y_.h),
        columns_(params_.mode, x_.w, params_.padding.left, y_.w) {}

  void run(const Arguments& args) override {
    if (!whole_blocks()) return run_by_channel(args);
    if (pass_ == Pass::forward) return forward(args.inputs[0].f32(), args.output.f32());
    backward(args.grad_output.f32(), args.grad_inputs[0].f32());
  }

 private:
  // Blocks of x are blocks of y, and the padding channels of either hold zeros or are not there.
  bool whole_blocks() const {
    const bool ends_fit = channels_ % x_.block == 0 || params_.channels[1] == 0 || pass_ == Pass::forward;
    return x_.block == y_.block && params_.channels[0] % x_.block == 0 && ends_fit;
  }
  int64_t blocks_before() const { return params_.channels[0] / x_.block; }
  int64_t x_row() const { return x_.w * x_.block; }
  int64_t y_row() const { return y_.w * y_.block; }
  static int64_t grain(int64_t row) { return (1 << 13) / row + 2; }

  void forward(const float* x, float* y) const {
    parallel_for(
        y_.n * y_.blocks * y_.h,
        [&](int64_t i) {
          const int64_t n = i / y_.h / y_.blocks, b = i / y_.h % y_.blocks - blocks_before();
          const int64_t h = rows_.sources[static_cast<size_t>(i % y_.h)];
          if (h < 0 || b < 0 || b >= x_.blocks)
            std::fill_n(y + i * y_row(), y_row(), 0.0F);
          else
            forward_row(x + ((n * x_.blocks + b) * x_.h + h) * x_row(), y + i * y_row());
        },
        grain(y_row()));
  }

  void forward_row(const float* x, float* y) const {
    const int64_t block = x_.block, begin = columns_.middle_begin, end = columns_.middle_end;
    const auto show = [&](int64_t q) {
      const int64_t w = columns_.sources[static_cast<size_t>(q)];
      for (int64_t c = 0; c < block; ++c) y[q * block + c] = w < 0 ? 0.0F : x[w * block + c];
    };
    for (int64_t q = 0; q < begin; ++q) show(q);
    if (begin < end) {
      const float* from = x + columns_.sources[static_cast<size_t>(begin)] * block;
      std::memcpy(y + begin * block, from, static_cast<size_t>((end - begin) * block) * sizeof(float));
    }
    for (int64_t q = end; q < y_.w; ++q) show(q);
  }

  void backward(const float* grad_y, float* grad_x) const {
    parallel_for(
        x_.n * x_.blocks * x_.h,
        [&](int64_t i) {
          const int64_t n = i / x_.h / x_.blocks, b = i / x_.h % x_.blocks + blocks_before();
          float* row = grad_x + i * x_row();
          std::fill_n(row, x_row(), 0.0F);
          for (const int64_t p : rows_.shown_by[static_cast<size_t>(i % x_.h)])
            add_row(grad_y + ((n * y_.blocks + b) * y_.h + p) * y_row(), row);
        },
        grain(x_row()));
  }

  void add_row(const float* grad_y, float* grad_x) const {
    const int64_t block = x_.block, begin = columns_.middle_begin, end = columns_.middle_end;
    const auto add = [&](int64_t q, int64_t count) {
      const int64_t w = columns_.sources[static_cast<size_t>(q)];
      if (w < 0) return;
      const float* from = grad_y + q * block;
      float* to = grad_x + w * block;
#pragma omp simd
      for (int64_t k = 0; k < count * block; ++k) to[k] += from[k];
    };
    if (begin < end) add(begin, end - begin);
    for (int64_t q = 0; q < begin; ++q) add(q, 1);
    for (int64_t q = end; q < y_.w; ++q) add(q, 1);
  }

  // Channels that change their places within blocks, or blocks of different sizes: element by element.
  void run_by_channel(const Arguments& args) const {
    const bool shows = pass_ == Pass::forward;
    const BlockedExtents& to = shows ? y_ : x_;
    float* result = shows ? args.output.f32() : args.grad_inputs[0].f32();
    parallel_for(to.n, [&](int64_t n) {
      std::fill_n(result + n * to.blocks * to.h * to.w * to.block, to.blocks * to.h * to.w * to.block, 0.0F);
    });
    parallel_for(x_.n * channels_, [&](int64_t i) {
      const int64_t n = i / channels_, c = i % channels_;
      const int64_t x = first(x_, n, c), y = first(y_, n, c + params_.channels[0]);
      for (int64_t p = 0; p < y_.h; ++p)
        for (int64_t q = 0; q < y_.w; ++q) {
          const int64_t h = rows_.sources[static_cast<size_t>(p)], w = columns_.sources[static_cast<size_t>(q)];
          if (h < 0 || w < 0) continue;
          const int64_t xi = x + (h * x_.w + w) * x_.block, yi = y + (p * y_.w + q) * y_.block;
          if (shows)
            result[yi] = args.inputs[0].f32()[xi];
          else
            result[xi] += args.grad_output.f32()[yi];
        }
    });
  }

  static int64_t first(const BlockedExtents& e, int64_t n, int64_t c) {
    return (n * e.blocks + c / e.block) * e.h * e.w * e.block + c % e.block;
  }

  Pass pass_;
  PadParams params_;
  BlockedExtents x_, y_;
  int64_t channels_;
  Axis rows_, columns_;
};

Variant rows(Pass pass) {
  return {.name = "rows", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            return std::make_unique<PadKernel>(problem, pass);
          }};
}

const RegisterVariant forward("pad", rows(Pass::forward));
const RegisterVariant backward_data("pad", rows(Pass::backward_data));

}  // namespace
}  // namespace convlens
