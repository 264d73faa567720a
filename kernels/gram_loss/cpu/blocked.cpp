// In the channel-blocked layout of the network around it, so that features of a hundred megabytes need not be
// reordered: forward the pairs of blocks on one side of the diagonal, which is half of the product; backward one
// product of matrices, which adds to a gradient as it stores.

#include <algorithm>

#include "kernels/base/cpu/blocked_gemm.h"
#include "kernels/base/cpu/blocked_gram.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/gram_loss/cpu/distance.h"
#include "kernels/gram_loss/gram_loss.h"

namespace convlens {
namespace {

struct Sizes {
  Sizes(const Problem& problem, int lanes)
      : batch(problem.inputs[0].shape.n()),
        channels(problem.inputs[0].shape.c()),
        blocks((channels + lanes - 1) / lanes),
        pixels(problem.inputs[0].shape.h() * problem.inputs[0].shape.w()) {}
  int64_t batch, channels, blocks, pixels;
};

template <int lanes>
class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem)
      : s_(problem, lanes),
        gram_(s_.blocks, s_.pixels),
        weight_(problem.params_as<GramLossParams>().weight),
        factor_(static_cast<float>(1 / gram_divisor(problem.params_as<GramLossParams>(), problem.inputs[0].shape))) {}

  // Products of channels, and the sums of their rows.
  size_t workspace() const override {
    return static_cast<size_t>(gram_.size()) * sizeof(float) + static_cast<size_t>(s_.channels) * sizeof(double);
  }

  void run(const Arguments& args) override {
    auto* const products = reinterpret_cast<float*>(args.workspace);
    auto* const sums = reinterpret_cast<double*>(products + gram_.size());
    for (int64_t n = 0; n < s_.batch; ++n) {
      gram_.run(args.inputs[0].f32() + n * s_.blocks * s_.pixels * lanes, products);
      parallel_for(s_.channels, [&](int64_t a) {
        auto* const notes = reinterpret_cast<float*>(args.saved);
        sums[a] = subtract_target([&](int64_t b) { return factor_ * gram_.at(products, a, b); }, args.weights[0].f32(),
                                  s_.channels, a, notes ? notes + (n * s_.channels + a) * s_.channels : nullptr);
      });
      double sum = 0;
      for (int64_t a = 0; a < s_.channels; ++a) sum += sums[a];
      args.output.f32()[n] = static_cast<float>(weight_ * sum);
    }
  }

 private:
  Sizes s_;
  BlockedGram<lanes> gram_;
  double weight_;
  float factor_;
};

template <int lanes>
class BackwardData final : public Kernel {
  using Lanes = FloatLanes<lanes>;

 public:
  explicit BackwardData(const Problem& problem)
      : s_(problem, lanes), factor_(static_cast<float>(4 * gram_loss_factor(problem))) {}

  // S with its factor, as BlockedGemm takes it.
  size_t workspace() const override {
    return static_cast<size_t>(s_.blocks * s_.blocks * lanes * lanes) * sizeof(float);
  }

  void run(const Arguments& args) override {
    auto* const matrix = reinterpret_cast<float*>(args.workspace);
    const int64_t chunk = std::max<int64_t>(1, cached_floats / (s_.blocks * lanes));
    for (int64_t n = 0; n < s_.batch; ++n) {
      const float* notes = reinterpret_cast<const float*>(args.saved) + n * s_.channels * s_.channels;
      parallel_for(s_.blocks, [&](int64_t o) { pack_rows(notes, factor_ * args.grad_output.f32()[n], o, matrix); });
      parallel_for((s_.pixels + chunk - 1) / chunk,
                   [&](int64_t i) { multiply(args, matrix, n, i * chunk, std::min(chunk, s_.pixels - i * chunk)); });
    }
  }

 private:
  // A chunk of pixels stays in a core's cache while the matrix passes by.
  static constexpr int64_t cached_floats = 24 << 10;

  // S is symmetric: its row c holds what channel c adds to each result.
  void pack_rows(const float* notes, float factor, int64_t block, float* matrix) const {
    float* to = matrix + block * s_.blocks * lanes * lanes;
    for (int64_t c = 0; c < s_.blocks * lanes; ++c)
      for (int64_t o = block * lanes; o < (block + 1) * lanes; ++o)
        *to++ = c < s_.channels && o < s_.channels ? factor * notes[c * s_.channels + o] : 0.0F;
  }

  void multiply(const Arguments& args, const float* matrix, int64_t n, int64_t pixel, int64_t count) const {
    const int64_t plane = s_.pixels * lanes, start = n * s_.blocks * plane + pixel * lanes;
    const BlockedGemm<lanes> product{.pixels = args.inputs[0].f32() + start,
                                     .pixel_block_stride = plane,
                                     .matrix = matrix,
                                     .results = args.grad_inputs[0].f32() + start,
                                     .result_block_stride = plane,
                                     .result_pixel_stride = lanes,
                                     .count = count,
                                     .in_blocks = s_.blocks,
                                     .out_blocks = s_.blocks};
    if (args.accumulate)
      product.run([](const Lanes& sum, const float* to) { return sum + load_lanes<Lanes>(to); });
    else
      product.run();
  }

  Sizes s_;
  float factor_;
};

IoLayout layouts(const Problem&) { return {cpu_blocked_layout(), Layout::nchw}; }

template <template <int> class PassKernel>
Variant variant(Pass pass) {
  return {.name = "blocked",
          .device = Device::cpu,
          .pass = pass,
          .priority = 10,
          .accumulates = pass == Pass::backward_data,
          .layouts = layouts,
          .refuses = [](const Problem& problem) { return refuses_layouts(problem, layouts(problem)); },
          .prepare =
              [](const Problem& problem) {
                return with_blocked_lanes([&](auto lanes) -> std::unique_ptr<Kernel> {
                  return std::make_unique<PassKernel<lanes>>(problem);
                });
              }};
}

const RegisterVariant forward("gram_loss", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("gram_loss", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
