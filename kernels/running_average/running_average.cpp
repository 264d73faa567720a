#include "kernels/running_average/running_average.h"

#include "kernels/base/params.h"

namespace convlens {

void RunningAverageParams::describe(ParamVisitor& v) {
  v.field({.name = "momentum", .doc = "share of the newest observation", .min = 0, .max = 1}, momentum);
}

namespace {

class RunningAverage final : public Update {
 public:
  RunningAverage()
      : Update("running_average", "mean of what stands in the gradient's place, the newest counting most") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<RunningAverageParams>(); }
};

const RegisterUpdate registered(std::make_unique<RunningAverage>());

}  // namespace
}  // namespace convlens
