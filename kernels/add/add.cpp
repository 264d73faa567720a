#include "kernels/add/add.h"

#include <limits>

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Add final : public Operator {
 public:
  Add() : Operator("add", "sum of tensors of one shape") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AddParams>(); }
  Arity arity() const override { return {.min = 2, .max = std::numeric_limits<size_t>::max()}; }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    for (const Shape& x : inputs)
      if (x != inputs[0])
        throw InputError("add needs inputs of one shape, found " + inputs[0].to_string() + " and " + x.to_string());
    return inputs[0];
  }
  std::vector<Pass> passes() const override { return {Pass::forward}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
  bool passes_gradient() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Add>());

}  // namespace
}  // namespace convlens
