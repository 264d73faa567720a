// Up to sixteen channels of one image at a time, in every layout: one read for the sums, a second, from the cache when
// the strip fits in it, for the result.

#include "kernels/base/cpu/instance_norm_strips.h"
#include "kernels/base/registry.h"
#include "kernels/instance_norm/instance_norm.h"

namespace convlens {
namespace {

// The weight or bias of a channel, or what stands for it where there is none.
struct PerChannel {
  const float* values;
  double otherwise;
  double operator()(int64_t /*image*/, int64_t c) const { return values ? values[c] : otherwise; }
};

PerChannel scale_of(const Arguments& args) { return {args.weights.empty() ? nullptr : args.weights[0].f32(), 1}; }
PerChannel shift_of(const Arguments& args) { return {args.weights.empty() ? nullptr : args.weights[1].f32(), 0}; }

void forward(const Problem& problem, const Arguments& args) {
  instance_norm_forward(problem.output, problem.params_as<InstanceNormParams>().eps, scale_of(args), shift_of(args),
                        args.inputs[0].f32(), args.output.f32(), args.saved);
}

void backward_data(const Problem& problem, const Arguments& args) {
  instance_norm_backward(problem.output, scale_of(args), args.grad_output.f32(), args.inputs[0].f32(), args.saved,
                         args.grad_inputs[0].f32());
}

size_t gradients_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.c()) * sizeof(InstanceGradient);
}

void backward_weights(const Problem& problem, const Arguments& args) {
  if (args.grad_weights.empty()) return;
  auto* gradients = reinterpret_cast<InstanceGradient*>(args.workspace);
  instance_gradients(problem.output, args.grad_output.f32(), args.inputs[0].f32(), args.saved, gradients);
  const int64_t channels = problem.output.shape.c();
  for (int64_t c = 0; c < channels; ++c) {
    InstanceGradient sum{};
    for (int64_t n = 0; n < problem.output.shape.n(); ++n) {
      sum.scale += gradients[n * channels + c].scale;
      sum.shift += gradients[n * channels + c].shift;
    }
    args.grad_weights[0].f32()[c] = static_cast<float>(sum.scale);
    args.grad_weights[1].f32()[c] = static_cast<float>(sum.shift);
  }
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "strips", .device = Device::cpu, .pass = pass, .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("instance_norm", variant(Pass::forward, forward, nullptr));
const RegisterVariant registered_backward_data("instance_norm", variant(Pass::backward_data, backward_data, nullptr));
const RegisterVariant registered_backward_weights("instance_norm",
                                                  variant(Pass::backward_weights, backward_weights, gradients_bytes));

}  // namespace
}  // namespace convlens
