#include "kernels/alpha_norm/alpha_norm.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void AlphaNormParams::describe(ParamVisitor& v) { v.field({.name = "alpha", .doc = "the exponent", .min = 1}, alpha); }

namespace {

class AlphaNorm final : public Operator {
 public:
  AlphaNorm() : Operator("alpha_norm", "the sum of |x|^alpha over each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AlphaNormParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return {inputs[0].n(), 1, 1, 1}; }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<AlphaNorm>());

}  // namespace
}  // namespace convlens
