#include "kernels/linear/linear.h"

#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void LinearParams::describe(ParamVisitor& v) {
  v.field({.name = "out_features", .doc = "number of outputs", .required = true, .min = 1}, out_features);
  v.field({.name = "bias", .doc = "whether a number is added to each output"}, bias);
}

LinearSizes::LinearSizes(const Problem& problem)
    : batch(problem.inputs[0].shape.n()),
      in_features(problem.inputs[0].shape.elements() / batch),
      out_features(problem.output.shape.c()),
      input_step(problem.inputs[0].elements() / batch),
      output_step(problem.output.elements() / batch) {}

bool linear_order(const TensorDesc& input) {
  return input.layout == Layout::nchw || input.shape.h() * input.shape.w() == 1;
}

IoLayout linear_layouts(const Problem& problem) {
  const TensorDesc& input = problem.inputs[0];
  return {linear_order(input) ? input.layout : Layout::nchw, Layout::nchw};
}

std::optional<std::string> refuses_linear_order(const Problem& problem) {
  if (linear_order(problem.inputs[0])) return std::nullopt;
  return "needs the input in nchw, as it is higher or wider than 1";
}

namespace {

class Linear final : public Operator {
 public:
  Linear() : Operator("linear", "fully connected layer: every output is a weighted sum of all inputs") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<LinearParams>(); }

  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    return {inputs[0].n(), static_cast<const LinearParams&>(params).out_features, 1, 1};
  }

  std::vector<WeightSpec> weights(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const LinearParams&>(params);
    std::vector<WeightSpec> specs{{"weight", {p.out_features, inputs[0].c() * inputs[0].h() * inputs[0].w()}}};
    if (p.bias) specs.push_back({"bias", {p.out_features}});
    return specs;
  }

  std::vector<Pass> passes() const override { return {Pass::forward, Pass::backward_data, Pass::backward_weights}; }

  Saved saved(const Problem&, Pass pass) const override { return {.inputs = pass == Pass::backward_weights}; }

  double flops(const Problem& problem) const override {
    const LinearSizes s(problem);
    return 2.0 * static_cast<double>(s.batch * s.in_features * s.out_features);
  }

  // scale (W x + b) + shift = (scale W) x + (scale b + shift).
  bool absorb(const ChannelAffine& affine, Params& params, std::vector<WeightTensor>& weights) const override {
    auto& p = static_cast<LinearParams&>(params);
    if (!p.bias) {
      p.bias = true;
      weights.push_back({{p.out_features}, std::vector<float>(static_cast<size_t>(p.out_features), 0.0F)});
    }
    const size_t rows = affine.scale.size(), row_size = weights[0].values.size() / rows;
    for (size_t o = 0; o < rows; ++o) {
      for (size_t k = 0; k < row_size; ++k) {
        float& w = weights[0].values[o * row_size + k];
        w = static_cast<float>(w * affine.scale[o]);
      }
      float& b = weights[1].values[o];
      b = static_cast<float>(b * affine.scale[o] + affine.shift[o]);
    }
    return true;
  }
};

const RegisterOperator registered(std::make_unique<Linear>());

}  // namespace
}  // namespace convlens
