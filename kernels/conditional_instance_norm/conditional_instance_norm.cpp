#include "kernels/conditional_instance_norm/conditional_instance_norm.h"

#include "kernels/base/error.h"
#include "kernels/base/instance_statistics.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void ConditionalInstanceNormParams::describe(ParamVisitor& v) {
  v.field({.name = "styles", .doc = "number of styles to mix", .required = true, .min = 1}, styles);
  v.field({.name = "eps", .doc = "added to the variance before its root is taken", .min = 0}, eps);
}

namespace {

class ConditionalInstanceNorm final : public Operator {
 public:
  ConditionalInstanceNorm()
      : Operator("conditional_instance_norm",
                 "instance norm with a scale and shift mixed from those of several styles") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<ConditionalInstanceNormParams>(); }
  Arity arity() const override { return {2, 2}; }

  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const Shape expected{inputs[0].n(), static_cast<const ConditionalInstanceNormParams&>(params).styles, 1, 1};
    if (inputs[1] != expected)
      throw InputError("the second input, the styles' shares, must be " + expected.to_string() + ", found " +
                       inputs[1].to_string());
    return inputs[0];
  }

  std::vector<WeightSpec> weights(const Params& params, std::span<const Shape> inputs) const override {
    const Shape shape{static_cast<const ConditionalInstanceNormParams&>(params).styles, inputs[0].c()};
    return {{"weight", shape}, {"bias", shape}};
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }
  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = instance_statistics_bytes(problem.inputs[0])};
  }
};

const RegisterOperator registered(std::make_unique<ConditionalInstanceNorm>());

}  // namespace
}  // namespace convlens
