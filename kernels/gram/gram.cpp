#include "kernels/base/gram_matrix.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

/// N x 1 x C x C.
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
