#include "kernels/adaptive_instance_norm/adaptive_instance_norm.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void AdaptiveInstanceNormParams::describe(ParamVisitor& v) {
  v.field({.name = "eps", .doc = "added to the variances before their roots are taken", .min = 0}, eps);
  v.field({.name = "correction",
           .doc = "what is taken off the number of pixels that a variance is divided by",
           .min = 0,
           .max = 1},
          correction);
}

CorrectedStd adaptive_std(const Problem& problem, size_t input) {
  const auto& p = problem.params_as<AdaptiveInstanceNormParams>();
  const Shape& shape = problem.inputs[input].shape;
  return {shape.h() * shape.w(), p.correction, p.eps};
}

namespace {

class AdaptiveInstanceNorm final : public Operator {
 public:
  AdaptiveInstanceNorm()
      : Operator("adaptive_instance_norm", "the first input with the mean and deviation of the second, by channels") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AdaptiveInstanceNormParams>(); }
  Arity arity() const override { return {2, 2}; }

  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const Shape &content = inputs[0], &style = inputs[1];
    if (style.n() != content.n() || style.c() != content.c())
      throw InputError("the style must have as many images and channels as the content, " + content.to_string() +
                       ", found " + style.to_string());
    for (const Shape& input : inputs)
      require_pixels(input, static_cast<const AdaptiveInstanceNormParams&>(params).correction);
    return content;
  }

  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = 2 * instance_statistics_bytes(problem.inputs[0])};
  }
};

const RegisterOperator registered(std::make_unique<AdaptiveInstanceNorm>());

}  // namespace
}  // namespace convlens
