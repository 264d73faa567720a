#include "kernels/mse_loss/mse_loss.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void MseLossParams::describe(ParamVisitor& v) {
  v.choice({.name = "reduction", .doc = "of an image's squared differences"}, reduction,
           {{"sum", MseReduction::sum}, {"mean", MseReduction::mean}});
}

double mse_loss_factor(const Problem& problem) {
  const Shape& x = problem.inputs[0].shape;
  const bool mean = problem.params_as<MseLossParams>().reduction == MseReduction::mean;
  return mean ? 1 / static_cast<double>(x.c() * x.h() * x.w()) : 1;
}

namespace {

class MseLoss final : public Operator {
 public:
  MseLoss() : Operator("mse_loss", "squared distance of the features from a target, for each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<MseLossParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return {inputs[0].n(), 1, 1, 1}; }
  std::vector<WeightSpec> weights(const Params&, std::span<const Shape> inputs) const override {
    return {{"target", {inputs[0].c(), inputs[0].h(), inputs[0].w()}}};
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<MseLoss>());

}  // namespace
}  // namespace convlens
