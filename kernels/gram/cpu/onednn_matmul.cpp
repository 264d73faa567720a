// Two matrix products by oneDNN: F F^T, and (dL/dG + dL/dG^T) F.

#include "kernels/base/cpu/onednn_matmul.h"

#include "kernels/base/cpu/gram_operands.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/gram_matrix.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

Matmul::Options divided(const Problem& problem) {
  return {.factor = static_cast<float>(1 / gram_divisor(problem.params_as<GramParams>(), problem.inputs[0].shape))};
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem) : Forward(GramOperands(problem.inputs[0]), divided(problem)) {}
  size_t workspace() const override { return product_.workspace(); }
  void run(const Arguments& args) override {
    product_.run(args.inputs[0].data, args.inputs[0].data, nullptr, args.output.data, args.workspace);
  }

 private:
  Forward(const GramOperands& m, const Matmul::Options& options)
      : product_(m.features, m.transposed, m.square, options) {}
  Matmul product_;
};

class BackwardData final : public Kernel {
 public:
  explicit BackwardData(const Problem& problem) : BackwardData(GramOperands(problem.inputs[0]), divided(problem)) {}
  // The symmetric sum, and behind it the product's own scratch.
  size_t workspace() const override { return m_.square_bytes() + product_.workspace(); }
  void run(const Arguments& args) override {
    float* sum = reinterpret_cast<float*>(args.workspace);
    add_transpose(args.grad_output.f32(), sum);
    product_.run(sum, args.inputs[0].data, nullptr, args.grad_inputs[0].data, args.workspace + m_.square_bytes());
  }

 private:
  BackwardData(const GramOperands& m, const Matmul::Options& options)
      : m_(m), product_(m.square, m.features, m.features, options) {}

  void add_transpose(const float* grad, float* sum) const {
    const int64_t channels = m_.channels;
    parallel_for(m_.batch * channels, [=](int64_t row) {
      const float* image = grad + row / channels * channels * channels;
      const int64_t a = row % channels;
      for (int64_t b = 0; b < channels; ++b)
        sum[row * channels + b] = image[a * channels + b] + image[b * channels + a];
    });
  }

  GramOperands m_;
  Matmul product_;
};

template <class PassKernel>
Variant variant(Pass pass) {
  return {.name = "onednn_matmul",
          .device = Device::cpu,
          .pass = pass,
          .layouts = gram_layouts,
          .refuses = refuses_gram,
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const RegisterVariant forward("gram", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("gram", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
