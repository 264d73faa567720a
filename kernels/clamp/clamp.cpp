#include "kernels/clamp/clamp.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void ClampParams::describe(ParamVisitor& v) {
  v.field({.name = "min", .doc = "lower limit"}, min);
  v.field({.name = "max", .doc = "upper limit"}, max);
}

namespace {

class Clamp final : public Operator {
 public:
  Clamp() : Operator("clamp", "y = min(max(x, min), max)") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<ClampParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const Interval interval = clamp_interval(static_cast<const ClampParams&>(params));
    if (!(interval.low <= interval.high)) throw InputError("clamp needs a min that is not above its max");
    return inputs[0];
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Clamp>());

}  // namespace
}  // namespace convlens
