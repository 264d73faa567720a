#include "kernels/flatten/flatten.h"

#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Flatten final : public Operator {
 public:
  Flatten() : Operator("flatten", "all elements of an image as channels, in the order C, H, W") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<FlattenParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    const Shape& x = inputs[0];
    return {x.n(), x.c() * x.h() * x.w(), 1, 1};
  }
  bool is_view(const Params&) const override { return true; }
};

const RegisterOperator registered(std::make_unique<Flatten>());

}  // namespace
}  // namespace convlens
