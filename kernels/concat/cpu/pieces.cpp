// The copy is cut into pieces beforehand: runs of channels that lie side by side in both tensors, over some pixels.
// Where the inputs' channels are whole blocks, a piece is one stretch of memory on both sides; else a few floats a
// pixel.

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/concat/concat.h"

namespace convlens {
namespace {

/// Where a stretch of pixels begins in a tensor, and how far it is from one pixel to the next.
struct Place {
  int64_t offset, step;
};

struct Piece {
  size_t input;
  Place part, whole;
  int64_t run, pixels;
};

constexpr int64_t piece_elements = 1 << 12;  // a thread's smallest share

class ConcatKernel final : public Kernel {
 public:
  ConcatKernel(const Problem& problem, Pass pass) : pass_(pass), whole_(problem.output) {
    int64_t channel = 0;
    for (size_t i = 0; i < problem.inputs.size(); ++i) {
      const BlockedExtents part(problem.inputs[i]);
      const bool last = i + 1 == problem.inputs.size();
      for (int64_t n = 0; n < part.n; ++n) add_pieces(i, part, n, problem.inputs[i].shape.c(), channel, last);
      channel += problem.inputs[i].shape.c();
    }
    // The padding channels of what is written: the whole's, or every part's.
    if (pass == Pass::forward) add_padding(0, whole_, problem.output.shape.c());
    for (size_t i = 0; pass == Pass::backward_data && i < problem.inputs.size(); ++i)
      add_padding(i, BlockedExtents(problem.inputs[i]), problem.inputs[i].shape.c());
  }

  void run(const Arguments& args) override {
    const bool joins = pass_ == Pass::forward;
    parallel_for(
        static_cast<int64_t>(pieces_.size()),
        [&](int64_t i) {
          const Piece& p = pieces_[static_cast<size_t>(i)];
          if (joins) return copy(args.inputs[p.input].f32(), p.part, args.output.f32(), p.whole, p.run, p.pixels);
          if (args.grad_inputs[p.input])
            copy(args.grad_output.f32(), p.whole, args.grad_inputs[p.input].f32(), p.part, p.run, p.pixels);
        },
        4);
    for (const Piece& p : padding_) {
      float* data = joins ? args.output.f32() : args.grad_inputs[p.input].f32();
      for (int64_t i = 0; data && i < p.pixels; ++i) std::fill_n(data + p.part.offset + i * p.part.step, p.run, 0.0F);
    }
  }

 private:
  static void copy(const float* from, Place source, float* to, Place target, int64_t run, int64_t pixels) {
    from += source.offset;
    to += target.offset;
    if (source.step == run && target.step == run) {
      std::memcpy(to, from, static_cast<size_t>(run * pixels) * sizeof(float));
      return;
    }
    for (int64_t i = 0; i < pixels; ++i) std::copy_n(from + i * source.step, run, to + i * target.step);
  }

  Place place(const BlockedExtents& e, int64_t n, int64_t channel, int64_t pixel) const {
    return {((n * e.blocks + channel / e.block) * e.h * e.w + pixel) * e.block + channel % e.block, e.block};
  }

  void add_pieces(size_t input, const BlockedExtents& part, int64_t n, int64_t channels, int64_t first, bool last) {
    for (int64_t c = 0, run = 0; c < channels; c += run) {
      const int64_t lane = c % part.block, whole_lane = (first + c) % whole_.block;
      run = std::min({part.block - lane, whole_.block - whole_lane, channels - c});
      // The last input's padding channels are copied too, being where the whole's padding channels are.
      if (last && lane == 0 && whole_lane == 0 && part.block == whole_.block) run = part.block;
      const int64_t pixels = part.h * part.w, share = std::max<int64_t>(piece_elements / run, 1);
      for (int64_t pixel = 0; pixel < pixels; pixel += share)
        pieces_.push_back({input, place(part, n, c, pixel), place(whole_, n, first + c, pixel), run,
                           std::min(share, pixels - pixel)});
    }
  }

  void add_padding(size_t input, const BlockedExtents& e, int64_t channels) {
    if (channels % e.block == 0) return;
    for (int64_t n = 0; n < e.n; ++n)
      padding_.push_back({input, place(e, n, channels, 0), {}, e.block - channels % e.block, e.h * e.w});
  }

  Pass pass_;
  BlockedExtents whole_;
  std::vector<Piece> pieces_, padding_;
};

Variant pieces(Pass pass) {
  return {.name = "pieces", .device = Device::cpu, .pass = pass, .prepare = [=](const Problem& problem) {
            return std::make_unique<ConcatKernel>(problem, pass);
          }};
}

const RegisterVariant forward("concat", pieces(Pass::forward));
const RegisterVariant backward_data("concat", pieces(Pass::backward_data));

}  // namespace
}  // namespace convlens
