#include "kernels/conv2d/cpu/rotated.h"

#include <algorithm>
#include <vector>

#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

class RotatedKernel final : public Kernel {
 public:
  RotatedKernel(const Problem& problem, std::unique_ptr<Kernel> forward)
      : weights_desc_(rotated(problem).weights[0]), forward_(std::move(forward)) {}

  size_t workspace() const override { return forward_->workspace(); }
  size_t packed_bytes() const override { return forward_->packed_bytes(); }

  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    const Shape& s = weights_desc_.shape;  // in x out x kh x kw
    const int64_t taps = s.h() * s.w();
    std::vector<float> turned(static_cast<size_t>(s.elements()));
    for (int64_t o = 0; o < s.c(); ++o)
      for (int64_t i = 0; i < s.n(); ++i) {
        const float* filter = weights[0].f32() + (o * s.n() + i) * taps;
        std::reverse_copy(filter, filter + taps, turned.data() + (i * s.c() + o) * taps);
      }
    const TensorView view{weights_desc_, turned.data()};
    forward_->pack({&view, 1}, packed);
  }

  void run(const Arguments& args) override {
    forward_->run({.inputs = {&args.grad_output, 1},
                   .output = args.grad_inputs[0],
                   .workspace = args.workspace,
                   .packed = args.packed,
                   .mode = args.mode,
                   .relu_mask = args.relu_mask,
                   .accumulate = args.accumulate});
  }

 private:
  TensorDesc weights_desc_;
  std::unique_ptr<Kernel> forward_;
};

}  // namespace

std::optional<std::string> rotation_refuses(const Problem& problem) {
  const Conv2dSizes s(problem);
  for (const WindowAxis& axis : {s.y, s.x}) {
    if (axis.stride != 1 || axis.dilation != 1) return "needs stride 1 and dilation 1";
    if (std::max(axis.before, axis.after) >= axis.kernel) return "needs a padding smaller than the filter";
  }
  if (s.groups != 1) return "needs one group";
  return std::nullopt;
}

Problem rotated(const Problem& problem) {
  const Conv2dSizes s(problem);
  const auto params = std::make_shared<Conv2dParams>();
  params->out_channels = s.in_channels;
  params->window.kernel = {s.y.kernel, s.x.kernel};
  params->window.padding = {s.y.kernel - 1 - s.y.before, s.x.kernel - 1 - s.x.before, s.y.kernel - 1 - s.y.after,
                            s.x.kernel - 1 - s.x.after};
  params->bias = false;
  Problem result;
  result.params = params;
  result.inputs = {problem.output};
  result.output = problem.inputs[0];
  result.weights = {{{s.in_channels, s.out_channels, s.y.kernel, s.x.kernel}}};
  return result;
}

std::unique_ptr<Kernel> rotated_kernel(const Problem& problem, std::unique_ptr<Kernel> forward) {
  return std::make_unique<RotatedKernel>(problem, std::move(forward));
}

Variant rotated_variant(const Variant& forward) {
  Variant variant = forward;
  variant.pass = Pass::backward_data;
  variant.fuses_activation = false;
  variant.layouts = [layouts = forward.layouts](const Problem& problem) {
    const IoLayout turned = layouts(rotated(problem));
    return IoLayout{turned.output, turned.input};
  };
  variant.refuses = [refuses = forward.refuses](const Problem& problem) {
    const auto reason = rotation_refuses(problem);
    return reason ? reason : refuses(rotated(problem));
  };
  variant.prepare = [prepare = forward.prepare](const Problem& problem) {
    return rotated_kernel(problem, prepare(rotated(problem)));
  };
  return variant;
}

}  // namespace convlens
