#include "kernels/affine/affine.h"

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Affine final : public Operator {
 public:
  Affine() : Operator("affine", "each image rotated, scaled and shifted by the 2 x 3 matrix of the second input") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AffineParams>(); }
  Arity arity() const override { return {2, 2}; }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    const Shape expected{inputs[0].n(), 6, 1, 1};
    if (inputs[1] != expected)
      throw InputError("the second input, the matrices, must be " + expected.to_string() + ", found " +
                       inputs[1].to_string());
    return inputs[0];
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<Affine>());

}  // namespace
}  // namespace convlens
