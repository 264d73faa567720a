#include "kernels/tanh/tanh.h"

#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Tanh final : public Operator {
 public:
  Tanh() : Operator("tanh", "hyperbolic tangent of each element") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<TanhParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  Saved saved(const Problem&, Pass) const override { return {.output = true}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Tanh>());

}  // namespace
}  // namespace convlens
