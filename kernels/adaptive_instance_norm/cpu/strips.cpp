// Instance norm by strips of up to sixteen channels (kernels/base/cpu/instance_norm_strips.h), whose scale and shift
// are the style's statistics.

#include "kernels/adaptive_instance_norm/adaptive_instance_norm.h"
#include "kernels/base/cpu/instance_norm_strips.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

size_t statistics_bytes(const Problem& problem) { return instance_statistics_bytes(problem.inputs[0]); }

std::byte* of_style(const Problem& problem, std::byte* saved) { return saved + statistics_bytes(problem); }

// y = scale * what instance_norm makes of the content + mean: both standard deviations are told by the biased ones.
struct Scale {
  Scale(const Problem& problem, const InstanceStatistics* style_statistics)
      : channels(problem.output.shape.c()),
        content(adaptive_std(problem, 0)),
        style(adaptive_std(problem, 1)),
        statistics(style_statistics) {}
  double operator()(int64_t n, int64_t c) const { return content.factor() * style.of(statistics[n * channels + c]); }

  int64_t channels;
  CorrectedStd content, style;
  const InstanceStatistics* statistics;
};

void forward(const Problem& problem, const Arguments& args) {
  auto* style = reinterpret_cast<InstanceStatistics*>(args.saved ? of_style(problem, args.saved) : args.workspace);
  instance_statistics(problem.inputs[1], adaptive_std(problem, 1).eps(), args.inputs[1].f32(), style);
  const auto mean = [&](int64_t n, int64_t c) { return style[n * problem.output.shape.c() + c].mean; };
  instance_norm_forward(problem.output, adaptive_std(problem, 0).eps(), Scale(problem, style), mean,
                        args.inputs[0].f32(), args.output.f32(), args.saved);
}

void backward_style(const Problem& problem, const Arguments& args, const InstanceStatistics* style) {
  auto* gradients = reinterpret_cast<InstanceGradient*>(args.workspace);
  instance_gradients(problem.output, args.grad_output.f32(), args.inputs[0].f32(), args.saved, gradients);
  const double factor = adaptive_std(problem, 0).factor();
  const auto gradient = [&](int64_t n, int64_t c) {
    const InstanceGradient& own = gradients[n * problem.output.shape.c() + c];
    return InstanceGradient{.shift = own.shift, .scale = factor * own.scale};
  };
  instance_statistics_backward(problem.inputs[1], adaptive_std(problem, 1), gradient, args.inputs[1].f32(), style,
                               args.grad_inputs[1].f32());
}

void backward_data(const Problem& problem, const Arguments& args) {
  const auto* style = reinterpret_cast<const InstanceStatistics*>(of_style(problem, args.saved));
  if (args.grad_inputs[0])
    instance_norm_backward(problem.output, Scale(problem, style), args.grad_output.f32(), args.inputs[0].f32(),
                           args.saved, args.grad_inputs[0].f32());
  if (args.grad_inputs[1]) backward_style(problem, args, style);
}

size_t gradients_bytes(const Problem& problem) {
  return static_cast<size_t>(problem.output.shape.n() * problem.output.shape.c()) * sizeof(InstanceGradient);
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "strips", .device = Device::cpu, .pass = pass, .prepare = stateless(run, workspace)};
}

const std::string op = "adaptive_instance_norm";
const RegisterVariant registered_forward(op, variant(Pass::forward, forward, statistics_bytes));
const RegisterVariant registered_backward_data(op, variant(Pass::backward_data, backward_data, gradients_bytes));

}  // namespace
}  // namespace convlens
