#include "kernels/max_pool2d/max_pool2d.h"

#include <limits>

#include "kernels/base/registry.h"

namespace convlens {

MaxPool2dSizes::MaxPool2dSizes(const Problem& problem)
    : y(problem.params_as<MaxPool2dParams>().window.axis(0, problem.inputs[0].shape.h())),
      x(problem.params_as<MaxPool2dParams>().window.axis(1, problem.inputs[0].shape.w())) {}

size_t max_pool2d_note_bytes(const Problem& problem) {
  return MaxPool2dSizes(problem).taps() <= 256 ? sizeof(uint8_t) : sizeof(uint32_t);
}

namespace {

class MaxPool2d final : public Operator {
 public:
  MaxPool2d() : Operator("max_pool2d", "largest element under a sliding window") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<MaxPool2dParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const PoolWindow& window = static_cast<const MaxPool2dParams&>(params).window;
    const Shape& x = inputs[0];
    return {x.n(), x.c(), window.axis(0, x.h()).output, window.axis(1, x.w()).output};
  }
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    return static_cast<const MaxPool2dParams&>(params).window.input_region(inputs[0], output);
  }
  std::optional<PieceForm> on_piece(const Params& params) const override {
    auto unpadded = std::make_shared<MaxPool2dParams>(static_cast<const MaxPool2dParams&>(params));
    unpadded->window.padding = {};
    unpadded->window.ceil_mode = false;
    return PieceForm{unpadded, -std::numeric_limits<float>::infinity()};
  }
  Saved saved(const Problem& problem, Pass) const override {
    return {.bytes = static_cast<size_t>(problem.output.elements()) * max_pool2d_note_bytes(problem)};
  }
};

const RegisterOperator registered(std::make_unique<MaxPool2d>());

}  // namespace
}  // namespace convlens
