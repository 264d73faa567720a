// Up to sixteen channels of one image at a time, in every layout (kernels/base/cpu/instance_norm_strips.h).

#include "kernels/base/cpu/instance_norm_strips.h"
#include "kernels/base/registry.h"
#include "kernels/instance_statistics/instance_statistics.h"

namespace convlens {
namespace {

CorrectedStd std_of(const Problem& problem) {
  const auto& p = problem.params_as<InstanceStatisticsParams>();
  const Shape& x = problem.inputs[0].shape;
  return {x.h() * x.w(), p.correction, p.eps};
}

size_t statistics_bytes(const Problem& problem) { return instance_statistics_bytes(problem.inputs[0]); }

void forward(const Problem& problem, const Arguments& args) {
  const CorrectedStd std = std_of(problem);
  auto* statistics = reinterpret_cast<InstanceStatistics*>(args.saved ? args.saved : args.workspace);
  instance_statistics(problem.inputs[0], std.eps(), args.inputs[0].f32(), statistics);
  const Shape& x = problem.inputs[0].shape;
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t c = 0; c < x.c(); ++c) {
      const InstanceStatistics& s = statistics[n * x.c() + c];
      args.output.f32()[2 * n * x.c() + c] = static_cast<float>(s.mean);
      args.output.f32()[(2 * n + 1) * x.c() + c] = static_cast<float>(std.of(s));
    }
}

void backward_data(const Problem& problem, const Arguments& args) {
  const int64_t channels = problem.inputs[0].shape.c();
  const auto gradient = [&](int64_t n, int64_t c) {
    const float* of_image = args.grad_output.f32() + 2 * n * channels;
    return InstanceGradient{.shift = of_image[c], .scale = of_image[channels + c]};
  };
  instance_statistics_backward(problem.inputs[0], std_of(problem), gradient, args.inputs[0].f32(),
                               reinterpret_cast<const InstanceStatistics*>(args.saved), args.grad_inputs[0].f32());
}

IoLayout layouts(const Problem& problem) { return {problem.inputs[0].layout, Layout::nchw}; }

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {
      .name = "strips", .device = Device::cpu, .pass = pass, .layouts = layouts, .prepare = stateless(run, workspace)};
}

const std::string op = "instance_statistics";
const RegisterVariant registered_forward(op, variant(Pass::forward, forward, statistics_bytes));
const RegisterVariant registered_backward_data(op, variant(Pass::backward_data, backward_data, nullptr));

}  // namespace
}  // namespace convlens
