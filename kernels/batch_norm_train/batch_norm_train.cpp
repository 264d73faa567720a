#include "kernels/batch_norm_train/batch_norm_train.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void BatchNormTrainParams::describe(ParamVisitor& v) {
  v.field({.name = "eps", .doc = "added to the variance before its root is taken", .min = 0}, eps);
}

namespace {

class BatchNormTrain final : public Operator {
 public:
  BatchNormTrain() : Operator("batch_norm_train", "normalization of each channel by the batch's own statistics") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<BatchNormTrainParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    if (batch_norm_count(inputs[0]) < 2)
      throw InputError(
          "statistics of a batch need at least two numbers a channel, found one: a larger batch is needed");
    return inputs[0];
  }
  std::vector<WeightSpec> weights(const Params&, std::span<const Shape> inputs) const override {
    return {{"weight", {inputs[0].c()}}, {"bias", {inputs[0].c()}}};
  }
  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }
  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = static_cast<size_t>(problem.inputs[0].shape.c()) * sizeof(InstanceStatistics)};
  }
};

const RegisterOperator registered(std::make_unique<BatchNormTrain>());

}  // namespace
}  // namespace convlens
