#include "kernels/conv2d/conv2d.h"

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void Conv2dParams::describe(ParamVisitor& v) {
  v.field({.name = "out_channels", .doc = "number of filters", .required = true, .min = 1}, out_channels);
  v.field({.name = "kernel_size", .doc = "height and width of the filters", .required = true, .min = 1}, window.kernel);
  v.field({.name = "stride", .doc = "step of the window", .min = 1}, window.stride);
  v.field({.name = "padding", .doc = "zeros around the input", .min = 0}, window.padding);
  v.field({.name = "dilation", .doc = "distance between the filter's taps", .min = 1}, window.dilation);
  v.field({.name = "groups", .doc = "channels are split into so many groups that do not see each other", .min = 1},
          groups);
  v.field({.name = "bias", .doc = "whether a number is added to each output channel"}, bias);
}

Conv2dSizes::Conv2dSizes(const Problem& problem)
    : batch(problem.inputs[0].shape.n()),
      in_channels(problem.inputs[0].shape.c()),
      out_channels(problem.output.shape.c()),
      groups(problem.params_as<Conv2dParams>().groups),
      group_in(in_channels / groups),
      group_out(out_channels / groups),
      y(window_axis(problem.params_as<Conv2dParams>().window, 0, problem.inputs[0].shape.h())),
      x(window_axis(problem.params_as<Conv2dParams>().window, 1, problem.inputs[0].shape.w())) {}

namespace {

class Conv2d final : public Operator {
 public:
  Conv2d() : Operator("conv2d", "2-D convolution with optional groups, dilation and bias") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<Conv2dParams>(); }

  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const Conv2dParams&>(params);
    const Shape& x = inputs[0];
    for (const int64_t channels : {x.c(), p.out_channels})
      if (channels % p.groups != 0)
        throw InputError(std::to_string(channels) + " channels cannot be split into " + std::to_string(p.groups) +
                         " groups");
    return {x.n(), p.out_channels, window_axis(p.window, 0, x.h()).output, window_axis(p.window, 1, x.w()).output};
  }

  std::vector<WeightSpec> weights(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const Conv2dParams&>(params);
    std::vector<WeightSpec> specs{
        {"weight", {p.out_channels, inputs[0].c() / p.groups, p.window.kernel[0], p.window.kernel[1]}}};
    if (p.bias) specs.push_back({"bias", {p.out_channels}});
    return specs;
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }

  Saved saved(const Problem&, Pass pass) const override { return {.inputs = pass == Pass::backward_weights}; }

  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const Window& window = static_cast<const Conv2dParams&>(params).window;
    return {window_inputs(window_axis(window, 0, inputs[0].h()), output.y),
            window_inputs(window_axis(window, 1, inputs[0].w()), output.x)};
  }

  std::optional<PieceForm> on_piece(const Params& params) const override {
    auto unpadded = std::make_shared<Conv2dParams>(static_cast<const Conv2dParams&>(params));
    unpadded->window.padding = {};
    return PieceForm{unpadded, 0};
  }

  double flops(const Problem& problem) const override {
    const Conv2dSizes s(problem);
    return 2.0 * static_cast<double>(problem.output.shape.elements() * s.group_in * s.y.kernel * s.x.kernel);
  }

  // scale (W * x + b) + shift = (scale W) * x + (scale b + shift).
  bool absorb(const ChannelAffine& affine, Params& params, std::vector<WeightTensor>& weights) const override {
    auto& p = static_cast<Conv2dParams&>(params);
    if (!p.bias) {
      p.bias = true;
      weights.push_back({{p.out_channels}, std::vector<float>(static_cast<size_t>(p.out_channels), 0.0F)});
    }
    const size_t filters = affine.scale.size(), filter_size = weights[0].values.size() / filters;
    for (size_t o = 0; o < filters; ++o) {
      for (size_t i = 0; i < filter_size; ++i) {
        float& w = weights[0].values[o * filter_size + i];
        w = static_cast<float>(w * affine.scale[o]);
      }
      float& b = weights[1].values[o];
      b = static_cast<float>(b * affine.scale[o] + affine.shift[o]);
    }
    return true;
  }
};

const RegisterOperator registered(std::make_unique<Conv2d>());

}  // namespace
}  // namespace convlens
