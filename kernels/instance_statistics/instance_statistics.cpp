#include "kernels/instance_statistics/instance_statistics.h"

#include "kernels/base/error.h"
#include "kernels/base/instance_statistics.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void InstanceStatisticsParams::describe(ParamVisitor& v) {
  v.field({.name = "eps", .doc = "added to the variance before its root is taken", .min = 0}, eps);
  v.field({.name = "correction",
           .doc = "what is taken off the number of pixels that the variance is divided by",
           .min = 0,
           .max = 1},
          correction);
}

namespace {

class InstanceStatisticsOperator final : public Operator {
 public:
  InstanceStatisticsOperator()
      : Operator("instance_statistics", "mean and standard deviation of each channel of each image") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<InstanceStatisticsParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    require_pixels(inputs[0], static_cast<const InstanceStatisticsParams&>(params).correction);
    return {inputs[0].n(), 2 * inputs[0].c(), 1, 1};
  }
  Saved saved(const Problem& problem, Pass) const override {
    return {.inputs = true, .bytes = instance_statistics_bytes(problem.inputs[0])};
  }
};

const RegisterOperator registered(std::make_unique<InstanceStatisticsOperator>());

}  // namespace
}  // namespace convlens
