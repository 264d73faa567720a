#include "kernels/mask/mask.h"

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Mask final : public Operator {
 public:
  Mask() : Operator("mask", "each pixel of the first input times that of the second, in all channels") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<MaskParams>(); }
  Arity arity() const override { return {2, 2}; }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    const Shape &x = inputs[0], &mask = inputs[1];
    const Shape for_each{x.n(), 1, x.h(), x.w()}, for_all{1, 1, x.h(), x.w()};
    if (mask != for_each && mask != for_all)
      throw InputError("the second input, the mask, must be " + for_each.to_string() + " or " + for_all.to_string() +
                       ", found " + mask.to_string());
    return x;
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Mask>());

}  // namespace
}  // namespace convlens
