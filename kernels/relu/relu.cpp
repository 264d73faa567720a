#include "kernels/relu/relu.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void ReluParams::describe(ParamVisitor& v) {
  v.field(
      {.name = "negative_slope", .doc = "slope for negative inputs: 0 is ReLU, 0.01 a leaky ReLU", .min = 0, .max = 1},
      negative_slope);
  v.field({.name = "max_value", .doc = "upper limit of the output: 6 is ReLU6", .min = 0}, max_value);
}

size_t relu_mask_bytes(const TensorDesc& output) { return static_cast<size_t>((output.elements() + 7) / 8); }

namespace {

class Relu final : public Operator {
 public:
  Relu() : Operator("relu", "y = max(x, negative_slope * x), at most max_value") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<ReluParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const ReluParams&>(params);
    if (p.max_value && p.negative_slope != 0) throw InputError("relu takes a negative_slope or a max_value, not both");
    return inputs[0];
  }
  Saved saved(const Problem& problem, Pass) const override { return {.bytes = relu_mask_bytes(problem.output)}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
  std::optional<Activation> as_activation(const Params& params) const override {
    const auto& p = static_cast<const ReluParams&>(params);
    Activation activation{.negative_slope = p.negative_slope};
    if (p.max_value) activation.max_value = *p.max_value;
    return activation;
  }
};

const RegisterOperator registered(std::make_unique<Relu>());

}  // namespace
}  // namespace convlens
