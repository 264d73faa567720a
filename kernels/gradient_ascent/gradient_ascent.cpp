#include "kernels/gradient_ascent/gradient_ascent.h"

#include "kernels/base/params.h"

namespace convlens {

void GradientAscentParams::describe(ParamVisitor& v) {
  v.field({.name = "lr", .doc = "length of a step", .min = 0}, lr);
  v.field({.name = "weight_decay", .doc = "pull towards zero: times the value, taken off its gradient", .min = 0},
          weight_decay);
  v.choice({.name = "normalisation",
            .doc = "what a step is divided by, image by image: 1, mean |step|, std of step, Euclidean norm"},
           normalisation,
           {{"none", StepNormalisation::none},
            {"mean_abs", StepNormalisation::mean_abs},
            {"std", StepNormalisation::std},
            {"l2", StepNormalisation::l2}});
  v.field({.name = "min", .doc = "lower limit of the values after the step"}, min);
  v.field({.name = "max", .doc = "upper limit of the values after the step"}, max);
}

namespace {

class GradientAscent final : public Update {
 public:
  GradientAscent() : Update("gradient_ascent", "a step along the gradient, normalised for each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<GradientAscentParams>(); }
};

const RegisterUpdate registered(std::make_unique<GradientAscent>());

}  // namespace
}  // namespace convlens
