#include "kernels/dropout/dropout.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void DropoutParams::describe(ParamVisitor& v) {
  v.field({.name = "p", .doc = "share of elements that training sets to zero; no effect here", .min = 0, .max = 1}, p);
}

namespace {

class Dropout final : public Operator {
 public:
  Dropout() : Operator("dropout", "the identity, as dropout is in inference") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<DropoutParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  std::vector<Pass> passes() const override { return {Pass::forward}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
  bool is_view(const Params&) const override { return true; }
  bool passes_gradient() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Dropout>());

}  // namespace
}  // namespace convlens
