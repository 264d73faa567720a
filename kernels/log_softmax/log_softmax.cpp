#include "kernels/log_softmax/log_softmax.h"

#include "kernels/base/registry.h"

namespace convlens {
namespace {

class LogSoftmax final : public Operator {
 public:
  LogSoftmax() : Operator("log_softmax", "logarithm of softmax over the channels of each pixel") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<LogSoftmaxParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  Saved saved(const Problem&, Pass) const override { return {.output = true}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<LogSoftmax>());

}  // namespace
}  // namespace convlens
