#include "kernels/batch_norm/batch_norm.h"

#include <cmath>

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void BatchNormParams::describe(ParamVisitor& v) {
  v.field({.name = "eps", .doc = "added to the variance before its root is taken", .min = 0}, eps);
}

namespace {

class BatchNorm final : public Operator {
 public:
  BatchNorm() : Operator("batch_norm", "normalization of each channel by statistics from training") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<BatchNormParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }

  std::vector<WeightSpec> weights(const Params&, std::span<const Shape> inputs) const override {
    const Shape channels{inputs[0].c()};
    return {{"weight", channels}, {"bias", channels}, {"running_mean", channels}, {"running_var", channels}};
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }
  Saved saved(const Problem&, Pass pass) const override { return {.inputs = pass == Pass::backward_weights}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }

  std::optional<ChannelAffine> as_channel_affine(const Params& params,
                                                 std::span<const WeightTensor> weights) const override {
    const double eps = static_cast<const BatchNormParams&>(params).eps;
    ChannelAffine affine;
    for (size_t c = 0; c < weights[bn_weight].values.size(); ++c) {
      const double scale = weights[bn_weight].values[c] / std::sqrt(weights[bn_running_var].values[c] + eps);
      affine.scale.push_back(scale);
      affine.shift.push_back(weights[bn_bias].values[c] - weights[bn_running_mean].values[c] * scale);
    }
    return affine;
  }
};

const RegisterOperator registered(std::make_unique<BatchNorm>());

}  // namespace
}  // namespace convlens
