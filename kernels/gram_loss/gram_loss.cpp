#include "kernels/gram_loss/gram_loss.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void GramLossParams::describe(ParamVisitor& v) {
  GramParams::describe(v);
  v.field({.name = "weight", .doc = "factor of the sum of squares"}, weight);
}

double gram_loss_factor(const Problem& problem) {
  const auto& p = problem.params_as<GramLossParams>();
  return p.weight / gram_divisor(p, problem.inputs[0].shape);
}

size_t gram_loss_notes_bytes(const Problem& problem) {
  const TensorDesc& x = problem.inputs[0];
  return static_cast<size_t>(x.shape.n() * x.shape.c() * x.shape.c()) * bytes_of(x.type);
}

namespace {

class GramLoss final : public Operator {
 public:
  GramLoss() : Operator("gram_loss", "squared distance of the Gram matrix from a target, summed for each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<GramLossParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return {inputs[0].n(), 1, 1, 1}; }
  std::vector<WeightSpec> weights(const Params&, std::span<const Shape> inputs) const override {
    return {{"target", {1, inputs[0].c(), inputs[0].c()}}};
  }
  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = gram_loss_notes_bytes(problem)};
  }
  double flops(const Problem& problem) const override {
    return 2.0 * static_cast<double>(problem.inputs[0].shape.elements() * problem.inputs[0].shape.c());
  }
};

const RegisterOperator registered(std::make_unique<GramLoss>());

}  // namespace
}  // namespace convlens
