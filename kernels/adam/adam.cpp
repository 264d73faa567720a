#include "kernels/adam/adam.h"

#include <cmath>

#include "kernels/base/params.h"

namespace convlens {

void AdamParams::describe(ParamVisitor& v) {
  const double below_one = std::nextafter(1.0, 0.0);
  v.field({.name = "lr", .doc = "learning rate", .min = 0}, lr);
  v.field({.name = "beta1", .doc = "share of the running mean that a step keeps", .min = 0, .max = below_one}, beta1);
  v.field({.name = "beta2", .doc = "share of the running mean square that a step keeps", .min = 0, .max = below_one},
          beta2);
  v.field({.name = "eps", .doc = "added to the root of the mean square", .min = 0}, eps);
  v.field({.name = "min", .doc = "the result is not below"}, min);
  v.field({.name = "max", .doc = "the result is not above"}, max);
}

namespace {

class Adam final : public Update {
 public:
  Adam() : Update("adam", "descent by the gradient's running mean over the root of its running mean square") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AdamParams>(); }
  size_t states() const override { return 2; }

  std::vector<double> numbers(const Params& params, int64_t step) const override {
    const auto& p = static_cast<const AdamParams&>(params);
    const AdamStep factors{.rate = p.lr / (1 - std::pow(p.beta1, step)),
                           .root_scale = 1 / std::sqrt(1 - std::pow(p.beta2, step))};
    return {factors.rate, factors.root_scale};
  }
};

const RegisterUpdate registered(std::make_unique<Adam>());

}  // namespace
}  // namespace convlens
