#include "kernels/roll/roll.h"

#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {

int64_t roll_source(int64_t size, double offset, int64_t i) {
  const int64_t source = (i - std::llround(offset)) % size;
  return source < 0 ? source + size : source;
}

namespace {

class Roll final : public Operator {
 public:
  Roll() : Operator("roll", "each image shifted cyclically by the offsets (down, right) of the second input") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<RollParams>(); }
  Arity arity() const override { return {2, 2}; }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    const Shape expected{inputs[0].n(), 2, 1, 1};
    if (inputs[1] != expected)
      throw InputError("the second input, the offsets, must be " + expected.to_string() + ", found " +
                       inputs[1].to_string());
    return inputs[0];
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<Roll>());

}  // namespace
}  // namespace convlens
