// Instance norm by strips of up to sixteen channels (kernels/base/cpu/instance_norm_strips.h); the mixing of styles
// around it is a product of small matrices, in double.

#include "kernels/base/cpu/instance_norm_strips.h"
#include "kernels/base/registry.h"
#include "kernels/conditional_instance_norm/conditional_instance_norm.h"

namespace convlens {
namespace {

struct Styles {
  Styles(const Problem& problem, const Arguments& args)
      : count(problem.params_as<ConditionalInstanceNormParams>().styles),
        channels(problem.output.shape.c()),
        shares(args.inputs[1].f32()),
        share_step(problem.inputs[1].elements() / problem.inputs[1].shape.n()) {}
  double share(int64_t n, int64_t s) const { return shares[n * share_step + s]; }

  int64_t count, channels;
  const float* shares;
  int64_t share_step;  // from one image to the next, a blocked layout's padding included
};

// gamma[n,c] or beta[n,c]
struct Mixed {
  const Styles& styles;
  const float* of_styles;
  double operator()(int64_t n, int64_t c) const {
    double sum = 0;
    for (int64_t s = 0; s < styles.count; ++s) sum += styles.share(n, s) * of_styles[s * styles.channels + c];
    return sum;
  }
};

void forward(const Problem& problem, const Arguments& args) {
  const Styles styles(problem, args);
  instance_norm_forward(problem.output, problem.params_as<ConditionalInstanceNormParams>().eps,
                        Mixed{styles, args.weights[0].f32()}, Mixed{styles, args.weights[1].f32()},
                        args.inputs[0].f32(), args.output.f32(), args.saved);
}

size_t gradients_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.c()) * sizeof(InstanceGradient);
}

InstanceGradient* gradients_of(const Problem& problem, const Arguments& args) {
  auto* gradients = reinterpret_cast<InstanceGradient*>(args.workspace);
  instance_gradients(problem.output, args.grad_output.f32(), args.inputs[0].f32(), args.saved, gradients);
  return gradients;
}

void backward_shares(const Problem& problem, const Arguments& args) {
  const Styles styles(problem, args);
  const InstanceGradient* gradients = gradients_of(problem, args);
  const float *weight = args.weights[0].f32(), *bias = args.weights[1].f32();
  for (int64_t n = 0; n < problem.output.shape.n(); ++n)
    for (int64_t s = 0; s < styles.count; ++s) {
      double sum = 0;
      for (int64_t c = 0; c < styles.channels; ++c) {
        const InstanceGradient& g = gradients[n * styles.channels + c];
        sum += weight[s * styles.channels + c] * g.scale + bias[s * styles.channels + c] * g.shift;
      }
      args.grad_inputs[1].f32()[n * styles.share_step + s] = static_cast<float>(sum);
    }
  zero_padding_channels(args.grad_inputs[1]);
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Styles styles(problem, args);
  if (args.grad_inputs[0])
    instance_norm_backward(problem.output, Mixed{styles, args.weights[0].f32()}, args.grad_output.f32(),
                           args.inputs[0].f32(), args.saved, args.grad_inputs[0].f32());
  if (args.grad_inputs[1]) backward_shares(problem, args);
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Styles styles(problem, args);
  const InstanceGradient* gradients = gradients_of(problem, args);
  for (int64_t s = 0; s < styles.count; ++s)
    for (int64_t c = 0; c < styles.channels; ++c) {
      InstanceGradient sum{};
      for (int64_t n = 0; n < problem.output.shape.n(); ++n) {
        sum.scale += styles.share(n, s) * gradients[n * styles.channels + c].scale;
        sum.shift += styles.share(n, s) * gradients[n * styles.channels + c].shift;
      }
      args.grad_weights[0].f32()[s * styles.channels + c] = static_cast<float>(sum.scale);
      args.grad_weights[1].f32()[s * styles.channels + c] = static_cast<float>(sum.shift);
    }
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "strips", .device = Device::cpu, .pass = pass, .prepare = stateless(run, workspace)};
}

const std::string op = "conditional_instance_norm";
const RegisterVariant registered_forward(op, variant(Pass::forward, forward, nullptr));
const RegisterVariant registered_backward_data(op, variant(Pass::backward_data, backward_data, gradients_bytes));
const RegisterVariant registered_backward_weights(op,
                                                  variant(Pass::backward_weights, backward_weights, gradients_bytes));

}  // namespace
}  // namespace convlens
