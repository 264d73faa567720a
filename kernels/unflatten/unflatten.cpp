#include "kernels/unflatten/unflatten.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void UnflattenParams::describe(ParamVisitor& v) {
  v.field({.name = "channels", .doc = "of the map", .required = true, .min = 1}, channels);
  v.field({.name = "height", .doc = "of the map", .required = true, .min = 1}, height);
  v.field({.name = "width", .doc = "of the map", .required = true, .min = 1}, width);
}

namespace {

class Unflatten final : public Operator {
 public:
  Unflatten() : Operator("unflatten", "the elements of a vector as a map, in the order C, H, W") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<UnflattenParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const UnflattenParams&>(params);
    const Shape& x = inputs[0];
    const Shape map{x.n(), p.channels, p.height, p.width};
    if (x.h() != 1 || x.w() != 1 || x.elements() != map.elements())
      throw InputError("unflatten makes " + map.to_string() + " of a vector of as many elements, found " +
                       x.to_string());
    return map;
  }
  bool is_view(const Params&) const override { return true; }
};

const RegisterOperator registered(std::make_unique<Unflatten>());

}  // namespace
}  // namespace convlens
