// Batch 1 with weights of 16 bits, in half of the time that reading them takes otherwise. Each row is scaled by a power
// of two, so that its largest weight lies in [1, 2): a weight loses up to 2^-11 of itself, or 2^-25 of the largest.

#include <algorithm>
#include <cmath>
#include <memory>

#include "kernels/base/half.h"
#include "kernels/base/registry.h"
#include "kernels/linear/cpu/dot_products.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

#if defined(__F16C__)

using Lanes = FloatLanes<native_lanes>;

[[gnu::always_inline]] inline Lanes widened(const uint16_t* from) {
#if defined(__AVX512F__)
  return reinterpret_cast<Lanes>(_mm512_maskz_cvtph_ps(0xffff, load_lanes<__m256i>(from)));
#else
  return reinterpret_cast<Lanes>(_mm256_cvtph_ps(load_lanes<__m128i>(from)));
#endif
}

uint16_t narrowed(float value) { return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT); }

struct HalfWeights {
  const uint16_t* w;
  const float* scales;
  int64_t columns;

  [[gnu::always_inline]] Lanes lanes_at(int64_t row, int64_t k) const { return widened(w + row * columns + k); }
  [[gnu::always_inline]] float at(int64_t row, int64_t k) const { return half_to_float(w[row * columns + k]); }
  float scale(int64_t row) const { return scales[row]; }
};

class HalfKernel final : public Kernel {
 public:
  explicit HalfKernel(const Problem& problem) : problem_(problem), s_(problem) {}

  /// Scales and biases of the rows, and the rows.
  size_t packed_bytes() const override {
    return static_cast<size_t>(s_.out_features) * (2 * sizeof(float) + s_.in_features * sizeof(uint16_t));
  }

  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    auto* scales = reinterpret_cast<float*>(packed);
    float* biases = scales + s_.out_features;
    auto* rows = reinterpret_cast<uint16_t*>(biases + s_.out_features);
    std::fill_n(biases, s_.out_features, 0.0F);
    if (weights.size() > 1) std::copy_n(weights[1].f32(), s_.out_features, biases);
    parallel_for(s_.out_features, [&](int64_t o) {
      const float* row = weights[0].f32() + o * s_.in_features;
      scales[o] = power_of_two(row);
      std::transform(row, row + s_.in_features, rows + o * s_.in_features,
                     [factor = 1 / scales[o]](float w) { return narrowed(factor * w); });
    });
  }

  void run(const Arguments& args) override {
    const auto* scales = reinterpret_cast<const float*>(args.packed);
    const float* biases = scales + s_.out_features;
    const HalfWeights weights{reinterpret_cast<const uint16_t*>(biases + s_.out_features), scales, s_.in_features};
    dot_products(problem_, args, weights, biases);
  }

 private:
  /// The largest that is not above the row's weights. Its inverse is a number too.
  float power_of_two(const float* row) const {
    float largest = 0;
    for (int64_t k = 0; k < s_.in_features; ++k) largest = std::max(largest, std::abs(row[k]));
    return std::ldexp(1.0F, largest > 0 ? std::clamp(std::ilogb(largest), -126, 126) : 0);
  }

  Problem problem_;
  LinearSizes s_;
};

const RegisterVariant registered("linear", {.name = "gemv_f16",
                                            .device = Device::cpu,
                                            .pass = Pass::forward,
                                            .priority = 30,
                                            .fuses_activation = true,
                                            .relative_error = 5e-4,
                                            .layouts = linear_layouts,
                                            .refuses = dot_products_refuse,
                                            .prepare = [](const Problem& problem) -> std::unique_ptr<Kernel> {
                                              return std::make_unique<HalfKernel>(problem);
                                            }});

#endif

}  // namespace
}  // namespace convlens
