#include "kernels/gram/gram.h"

#include "kernels/base/registry.h"

namespace convlens {

void GramParams::describe(ParamVisitor& v) {
  v.choice({.name = "divisor", .doc = "C*H*W, H*W, or nothing"}, divisor,
           {{"chw", GramDivisor::chw}, {"hw", GramDivisor::hw}, {"none", GramDivisor::none}});
}

double gram_divisor(const GramParams& params, const Shape& features) {
  const double pixels = static_cast<double>(features.h() * features.w());
  switch (params.divisor) {
    case GramDivisor::chw: return pixels * static_cast<double>(features.c());
    case GramDivisor::hw: return pixels;
    case GramDivisor::none: return 1;
  }
  return 1;
}

namespace {

class Gram final : public Operator {
 public:
  Gram() : Operator("gram", "Gram matrix: the products of all pairs of channels, summed over pixels") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<GramParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    return {inputs[0].n(), 1, inputs[0].c(), inputs[0].c()};
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
  double flops(const Problem& problem) const override {
    return 2.0 * static_cast<double>(problem.inputs[0].shape.elements() * problem.inputs[0].shape.c());
  }
};

const RegisterOperator registered(std::make_unique<Gram>());

}  // namespace
}  // namespace convlens
