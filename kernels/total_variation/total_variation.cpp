#include "kernels/total_variation/total_variation.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void TotalVariationParams::describe(ParamVisitor& v) {
  v.choice({.name = "norm", .doc = "l1: |dx| + |dy|; l2: dx^2 + dy^2; beta: (dx^2 + dy^2)^(beta/2)"}, norm,
           {{"l1", VariationNorm::l1}, {"l2", VariationNorm::l2}, {"beta", VariationNorm::beta}});
  v.field({.name = "beta", .doc = "exponent of norm \"beta\"", .min = 1}, beta);
}

namespace {

class TotalVariation final : public Operator {
 public:
  TotalVariation() : Operator("total_variation", "how much neighbouring pixels differ, summed over each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<TotalVariationParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return {inputs[0].n(), 1, 1, 1}; }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<TotalVariation>());

}  // namespace
}  // namespace convlens
