#include "kernels/sgd/sgd.h"

#include <cmath>

#include "kernels/base/params.h"

namespace convlens {

void SgdParams::describe(ParamVisitor& v) {
  v.field({.name = "lr", .doc = "learning rate", .min = 0}, lr);
  v.field({.name = "momentum", .doc = "share of the velocity that a step keeps", .min = 0, .max = std::nextafter(1, 0)},
          momentum);
  v.field({.name = "weight_decay", .doc = "times the value, added to the gradient", .min = 0}, weight_decay);
  v.field({.name = "nesterov", .doc = "whether the gradient counts once more beside the velocity"}, nesterov);
}

namespace {

class Sgd final : public Update {
 public:
  Sgd() : Update("sgd", "descent along the gradient with momentum") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<SgdParams>(); }
  size_t states() const override { return 1; }
};

const RegisterUpdate registered(std::make_unique<Sgd>());

}  // namespace
}  // namespace convlens
