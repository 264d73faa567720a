#include "kernels/batch_statistics/batch_statistics.h"

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

class BatchStatistics final : public Operator {
 public:
  BatchStatistics() : Operator("batch_statistics", "mean and unbiased variance of each channel over the batch") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<BatchStatisticsParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override {
    if (inputs[0].n() * inputs[0].h() * inputs[0].w() < 2)
      throw InputError(
          "statistics of a batch need at least two numbers a channel, found one: a larger batch is needed");
    return {2, inputs[0].c(), 1, 1};
  }
  Saved saved(const Problem&, Pass) const override { return {.inputs = true}; }
};

const RegisterOperator registered(std::make_unique<BatchStatistics>());

}  // namespace
}  // namespace convlens
