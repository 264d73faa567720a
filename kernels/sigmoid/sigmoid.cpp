#include "kernels/sigmoid/sigmoid.h"

#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Sigmoid final : public Operator {
 public:
  Sigmoid() : Operator("sigmoid", "y = 1 / (1 + e^-x)") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<SigmoidParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  Saved saved(const Problem&, Pass) const override { return {.output = true}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Sigmoid>());

}  // namespace
}  // namespace convlens
