#include "kernels/instance_norm/instance_norm.h"

#include "kernels/base/instance_statistics.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void InstanceNormParams::describe(ParamVisitor& v) {
  v.field({.name = "eps", .doc = "added to the variance before its root is taken", .min = 0}, eps);
  v.field({.name = "affine", .doc = "whether each channel is multiplied by a weight and added a bias"}, affine);
}

namespace {

class InstanceNorm final : public Operator {
 public:
  InstanceNorm() : Operator("instance_norm", "normalization of each channel of each image by its own statistics") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<InstanceNormParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }

  std::vector<WeightSpec> weights(const Params& params, std::span<const Shape> inputs) const override {
    if (!static_cast<const InstanceNormParams&>(params).affine) return {};
    return {{"weight", {inputs[0].c()}}, {"bias", {inputs[0].c()}}};
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }
  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = instance_statistics_bytes(problem.inputs[0])};
  }
};

const RegisterOperator registered(std::make_unique<InstanceNorm>());

}  // namespace
}  // namespace convlens
