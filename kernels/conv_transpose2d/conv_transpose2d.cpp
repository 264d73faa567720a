#include "kernels/conv_transpose2d/conv_transpose2d.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void ConvTranspose2dParams::describe(ParamVisitor& v) {
  v.field({.name = "out_channels", .doc = "channels of the output", .required = true, .min = 1}, out_channels);
  v.field({.name = "kernel_size", .doc = "height and width of the filters", .required = true, .min = 1}, window.kernel);
  v.field({.name = "stride", .doc = "distance of neighbouring inputs' filters in the output", .min = 1}, window.stride);
  v.field({.name = "padding", .doc = "rows and columns cut off the output's borders", .min = 0}, window.padding);
  v.field({.name = "output_padding",
           .doc = "rows and columns added below and to the right; less than stride or dilation",
           .min = 0},
          output_padding);
  v.field({.name = "dilation", .doc = "distance between the filter's taps", .min = 1}, window.dilation);
  v.field({.name = "groups", .doc = "channels are split into so many groups that do not see each other", .min = 1},
          groups);
  v.field({.name = "bias", .doc = "whether a number is added to each output channel"}, bias);
}

WindowAxis transposed_axis(const ConvTranspose2dParams& p, int axis, int64_t input) {
  const size_t i = static_cast<size_t>(axis);
  WindowAxis a{input, 0, p.window.kernel[i], p.window.stride[i], p.window.dilation[i], 0, 0};
  a.before = axis == 0 ? p.window.padding.top : p.window.padding.left;
  a.after = axis == 0 ? p.window.padding.bottom : p.window.padding.right;
  const int64_t full = (input - 1) * a.stride + a.dilation * (a.kernel - 1) + 1 + p.output_padding[i];
  a.output = full - a.before - a.after;
  if (a.output < 1)
    throw InputError("a padding of " + std::to_string(a.before) + " and " + std::to_string(a.after) +
                     " leaves nothing of an output " + std::to_string(full) + (axis == 0 ? " high" : " wide"));
  return a;
}

ConvTranspose2dSizes::ConvTranspose2dSizes(const Problem& problem)
    : batch(problem.inputs[0].shape.n()),
      in_channels(problem.inputs[0].shape.c()),
      out_channels(problem.output.shape.c()),
      groups(problem.params_as<ConvTranspose2dParams>().groups),
      group_in(in_channels / groups),
      group_out(out_channels / groups),
      y(transposed_axis(problem.params_as<ConvTranspose2dParams>(), 0, problem.inputs[0].shape.h())),
      x(transposed_axis(problem.params_as<ConvTranspose2dParams>(), 1, problem.inputs[0].shape.w())) {}

namespace {

void check_padding(const ConvTranspose2dParams& p) {
  if (p.window.padding.same)
    throw InputError("padding \"same\" has no meaning for a transposed convolution, give the amounts");
  for (size_t i = 0; i < 2; ++i)
    if (p.output_padding[i] >= std::max(p.window.stride[i], p.window.dilation[i]))
      throw InputError("output_padding must be less than stride or dilation, found " +
                       std::to_string(p.output_padding[i]) + " with stride " + std::to_string(p.window.stride[i]) +
                       " and dilation " + std::to_string(p.window.dilation[i]));
}

class ConvTranspose2d final : public Operator {
 public:
  ConvTranspose2d() : Operator("conv_transpose2d", "transposed 2-D convolution: conv2d's gradient as a layer") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<ConvTranspose2dParams>(); }

  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const ConvTranspose2dParams&>(params);
    const Shape& x = inputs[0];
    check_padding(p);
    for (const int64_t channels : {x.c(), p.out_channels})
      if (channels % p.groups != 0)
        throw InputError(std::to_string(channels) + " channels cannot be split into " + std::to_string(p.groups) +
                         " groups");
    return {x.n(), p.out_channels, transposed_axis(p, 0, x.h()).output, transposed_axis(p, 1, x.w()).output};
  }

  std::vector<WeightSpec> weights(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const ConvTranspose2dParams&>(params);
    std::vector<WeightSpec> specs{
        {"weight", {inputs[0].c(), p.out_channels / p.groups, p.window.kernel[0], p.window.kernel[1]}}};
    if (p.bias) specs.push_back({"bias", {p.out_channels}});
    return specs;
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }

  Saved saved(const Problem&, Pass pass) const override { return {.inputs = pass == Pass::backward_weights}; }

  // Output o holds input i where i stride - before + tap dilation = o for a tap: hull of those inputs.
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const auto& p = static_cast<const ConvTranspose2dParams&>(params);
    const auto summed = [](const WindowAxis& a, const IndexRange& outputs) {
      IndexRange all;
      for (int64_t o = outputs.begin; o < outputs.end; ++o)
        for (int64_t tap = 0; tap < a.kernel; ++tap) {
          const int64_t place = o + a.before - tap * a.dilation, i = place / a.stride;
          if (place >= 0 && place % a.stride == 0 && i < a.input) all = hull(all, {i, i + 1});
        }
      return all;
    };
    return {summed(transposed_axis(p, 0, inputs[0].h()), output.y),
            summed(transposed_axis(p, 1, inputs[0].w()), output.x)};
  }

  double flops(const Problem& problem) const override {
    const ConvTranspose2dSizes s(problem);
    return 2.0 * static_cast<double>(problem.inputs[0].shape.elements() * s.group_out * s.y.kernel * s.x.kernel);
  }

  // The filter of input channel i and output channel o is multiplied by o's scale, the bias as well.
  bool absorb(const ChannelAffine& affine, Params& params, std::vector<WeightTensor>& weights) const override {
    auto& p = static_cast<ConvTranspose2dParams&>(params);
    if (!p.bias) {
      p.bias = true;
      weights.push_back({{p.out_channels}, std::vector<float>(static_cast<size_t>(p.out_channels), 0.0F)});
    }
    const Shape& shape = weights[0].shape;
    const int64_t group_in = shape[0] / p.groups, group_out = shape[1], taps = shape[2] * shape[3];
    for (int64_t k = 0; k < shape.elements(); ++k) {
      const int64_t group = k / (taps * group_out) / group_in;
      float& w = weights[0].values[static_cast<size_t>(k)];
      w = static_cast<float>(w * affine.scale[static_cast<size_t>(group * group_out + k / taps % group_out)]);
    }
    for (size_t o = 0; o < affine.scale.size(); ++o) {
      float& b = weights[1].values[o];
      b = static_cast<float>(b * affine.scale[o] + affine.shift[o]);
    }
    return true;
  }
};

const RegisterOperator registered(std::make_unique<ConvTranspose2d>());

}  // namespace
}  // namespace convlens
