#include "kernels/lrn/lrn.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void LrnParams::describe(ParamVisitor& v) {
  v.field({.name = "size", .doc = "channels in the window", .required = true, .min = 1}, size);
  v.field({.name = "alpha", .doc = "factor of the mean square of the window", .min = 0}, alpha);
  v.field({.name = "beta", .doc = "exponent", .min = 0}, beta);
  v.field({.name = "k", .doc = "added to the mean square before the power", .min = 0}, k);
}

namespace {

class Lrn final : public Operator {
 public:
  Lrn() : Operator("lrn", "local response normalization across channels") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<LrnParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Lrn>());

}  // namespace
}  // namespace convlens
