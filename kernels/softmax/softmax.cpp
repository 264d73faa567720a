#include "kernels/softmax/softmax.h"

#include "kernels/base/registry.h"

namespace convlens {
namespace {

class Softmax final : public Operator {
 public:
  Softmax() : Operator("softmax", "probabilities over the channels of each pixel: e^x_c / sum of e^x_i") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<SoftmaxParams>(); }
  Shape infer(const Params&, std::span<const Shape> inputs) const override { return inputs[0]; }
  Saved saved(const Problem&, Pass) const override { return {.output = true}; }
  bool in_place() const override { return true; }
  bool is_pointwise() const override { return true; }
};

const RegisterOperator registered(std::make_unique<Softmax>());

}  // namespace
}  // namespace convlens
