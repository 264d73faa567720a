#include "kernels/concat/concat.h"

#include <limits>

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Concat final : public Operator {
 public:
  Concat() : Operator("concat", "the channels of several tensors, one after another") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<ConcatParams>(); }
  Arity arity() const override { return {.min = 2, .max = std::numeric_limits<size_t>::max()}; }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    const Shape& first = inputs[0];
    int64_t channels = 0;
    for (const Shape& x : inputs) {
      if (x.n() != first.n() || x.h() != first.h() || x.w() != first.w())
        throw InputError("concat needs inputs that differ in channels alone, found " + first.to_string() + " and " +
                         x.to_string());
      channels += x.c();
    }
    return {first.n(), channels, first.h(), first.w()};
  }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Concat>());

}  // namespace
}  // namespace convlens
