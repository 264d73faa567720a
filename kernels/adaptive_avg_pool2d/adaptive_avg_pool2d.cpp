#include "kernels/adaptive_avg_pool2d/adaptive_avg_pool2d.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void AdaptiveAvgPool2dParams::describe(ParamVisitor& v) {
  v.field({.name = "output_size", .doc = "height and width of the output; 1 is the global mean", .min = 1},
          output_size);
}

IndexRange adaptive_window(int64_t inputs, int64_t outputs, int64_t o) {
  return {o * inputs / outputs, ((o + 1) * inputs + outputs - 1) / outputs};
}

namespace {

class AdaptiveAvgPool2d final : public Operator {
 public:
  AdaptiveAvgPool2d() : Operator("adaptive_avg_pool2d", "means over windows that give an output of known size") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<AdaptiveAvgPool2dParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const Pair& size = static_cast<const AdaptiveAvgPool2dParams&>(params).output_size;
    return {inputs[0].n(), inputs[0].c(), size[0], size[1]};
  }
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const Pair& size = static_cast<const AdaptiveAvgPool2dParams&>(params).output_size;
    const auto covered = [](int64_t extent, int64_t outputs, const IndexRange& range) {
      return hull(adaptive_window(extent, outputs, range.begin), adaptive_window(extent, outputs, range.end - 1));
    };
    return {covered(inputs[0].h(), size[0], output.y), covered(inputs[0].w(), size[1], output.x)};
  }
};

const RegisterOperator registered(std::make_unique<AdaptiveAvgPool2d>());

}  // namespace
}  // namespace convlens
