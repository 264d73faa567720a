#include "kernels/avg_pool2d/avg_pool2d.h"

#include <algorithm>

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void AvgPool2dParams::describe(ParamVisitor& v) {
  window.describe(v);
  v.field(
      {.name = "count_include_pad", .doc = "the mean counts the padding's zeros; those of \"same\" are never counted"},
      count_include_pad);
}

AvgPool2dSizes::AvgPool2dSizes(const Problem& problem)
    : y(problem.params_as<AvgPool2dParams>().window.axis(0, problem.inputs[0].shape.h())),
      x(problem.params_as<AvgPool2dParams>().window.axis(1, problem.inputs[0].shape.w())),
      count_padding(problem.params_as<AvgPool2dParams>().count_include_pad &&
                    !problem.params_as<AvgPool2dParams>().window.padding.same) {}

int64_t avg_pool2d_count(const WindowAxis& a, int64_t output, bool count_padding) {
  if (!count_padding) return covered_inputs(a, output).size();
  const int64_t first = output * a.stride - a.before;
  return std::min(first + a.kernel, a.input + a.after) - first;
}

namespace {

class AvgPool2d final : public Operator {
 public:
  AvgPool2d() : Operator("avg_pool2d", "mean of the elements under a sliding window") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AvgPool2dParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const PoolWindow& window = static_cast<const AvgPool2dParams&>(params).window;
    const Shape& x = inputs[0];
    return {x.n(), x.c(), window.axis(0, x.h()).output, window.axis(1, x.w()).output};
  }
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    return static_cast<const AvgPool2dParams&>(params).window.input_region(inputs[0], output);
  }
  // Padding is a number, 0, only where it counts like one: not "same", nor what a last window leaves over.
  std::optional<PieceForm> on_piece(const Params& params) const override {
    auto unpadded = std::make_shared<AvgPool2dParams>(static_cast<const AvgPool2dParams&>(params));
    const bool counted = unpadded->count_include_pad || unpadded->window.padding == Padding{};
    if (!counted || unpadded->window.padding.same || unpadded->window.ceil_mode) return std::nullopt;
    unpadded->window.padding = {};
    return PieceForm{unpadded, 0};
  }
};

const RegisterOperator registered(std::make_unique<AvgPool2d>());

}  // namespace
}  // namespace convlens
