// Two matrix products by oneDNN: G = F F^T / d, which becomes S = G - (A + A^T) / 2 in place as its distance from the
// target is summed in double, row by row; and 4 weight dL/dy / d * S F, which oneDNN adds to a gradient as it stores
// it.

#include <algorithm>

#include "kernels/base/cpu/onednn_matmul.h"

#include "kernels/base/aligned_size.h"
#include "kernels/base/cpu/gram_operands.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/gram_loss/cpu/distance.h"
#include "kernels/gram_loss/gram_loss.h"

namespace convlens {
namespace {

Matmul::Options divided(const Problem& problem) {
  return {.factor = static_cast<float>(1 / gram_divisor(problem.params_as<GramLossParams>(), problem.inputs[0].shape))};
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem)
      : weight_(problem.params_as<GramLossParams>().weight),
        m_(problem.inputs[0]),
        product_(m_.features, m_.transposed, m_.square, divided(problem)) {}

  // G where nothing is saved, the sums of its rows, and the product's scratch.
  size_t workspace() const override { return m_.square_bytes() + sums_bytes() + product_.workspace(); }

  void run(const Arguments& args) override {
    float* g = reinterpret_cast<float*>(args.saved ? args.saved : args.workspace);
    auto* sums = reinterpret_cast<double*>(args.workspace + m_.square_bytes());
    product_.run(args.inputs[0].data, args.inputs[0].data, nullptr, g,
                 args.workspace + m_.square_bytes() + sums_bytes());
    parallel_for(m_.batch * m_.channels, [&](int64_t row) {
      float* const values = g + row * m_.channels;
      sums[row] = subtract_target([&](int64_t b) { return values[b]; }, args.weights[0].f32(), m_.channels,
                                  row % m_.channels, values);
    });
    for (int64_t n = 0; n < m_.batch; ++n) {
      double sum = 0;
      for (int64_t a = 0; a < m_.channels; ++a) sum += sums[n * m_.channels + a];
      args.output.f32()[n] = static_cast<float>(weight_ * sum);
    }
  }

 private:
  size_t sums_bytes() const { return aligned_size(static_cast<size_t>(m_.batch * m_.channels) * sizeof(double)); }

  double weight_;
  GramOperands m_;
  Matmul product_;
};

Matmul::Options adding() {
  Matmul::Options options;
  options.operations.append_sum(1.0F);
  return options;
}

class BackwardData final : public Kernel {
 public:
  explicit BackwardData(const Problem& problem)
      : factor_(static_cast<float>(4 * gram_loss_factor(problem))),
        m_(problem.inputs[0]),
        product_(m_.square, m_.features, m_.features),
        added_product_(m_.square, m_.features, m_.features, adding()) {}

  // S with its factor, and the product's scratch.
  size_t workspace() const override {
    return m_.square_bytes() + std::max(product_.workspace(), added_product_.workspace());
  }

  void run(const Arguments& args) override {
    const auto* s = reinterpret_cast<const float*>(args.saved);
    auto* scaled = reinterpret_cast<float*>(args.workspace);
    parallel_for(m_.batch * m_.channels, [&](int64_t row) {
      const float factor = factor_ * args.grad_output.f32()[row / m_.channels];
      for (int64_t i = row * m_.channels; i < (row + 1) * m_.channels; ++i) scaled[i] = factor * s[i];
    });
    const Matmul& product = args.accumulate ? added_product_ : product_;
    product.run(scaled, args.inputs[0].data, nullptr, args.grad_inputs[0].data, args.workspace + m_.square_bytes());
  }

 private:
  float factor_;
  GramOperands m_;
  Matmul product_, added_product_;
};

template <class PassKernel>
Variant variant(Pass pass) {
  return {.name = "onednn_matmul",
          .device = Device::cpu,
          .pass = pass,
          .accumulates = pass == Pass::backward_data,
          .layouts = gram_layouts,
          .refuses = refuses_gram,
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const RegisterVariant forward("gram_loss", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("gram_loss", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
