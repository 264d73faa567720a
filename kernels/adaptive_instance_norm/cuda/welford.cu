// A block a channel of an image, as in instance_norm (kernels/base/cuda/instance_norm.h): first it makes the style's
// statistics, then it normalizes the content to them. Backward likewise: the content's gradient, and the sums that the
// style's needs.

#include "kernels/adaptive_instance_norm/adaptive_instance_norm.h"
#include "kernels/base/cuda/instance_norm.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// One of the inputs.
struct Plane {
  Plane(const Problem& problem, size_t input)
      : pixels(static_cast<int>(problem.inputs[input].shape.h() * problem.inputs[input].shape.w())) {
    const CorrectedStd std = adaptive_std(problem, input);
    eps = static_cast<float>(std.eps());
    factor = static_cast<float>(std.factor());
    slope = static_cast<float>(std.slope());
  }
  // Of this block's channel.
  __device__ int64_t first() const { return int64_t{blockIdx.x} * pixels; }

  int pixels;
  float eps, factor, slope;  // of CorrectedStd
};

// What the content, as instance_norm makes it, is multiplied by: both standard deviations are told by the biased ones.
__device__ float scale_of(const Plane& content, const Plane& style, const InstanceStatistics& statistics) {
  return content.factor / (static_cast<float>(statistics.inverse_std) * style.factor);
}

__global__ void __launch_bounds__(element_threads)
    measure_style(Plane style, const float* __restrict__ s, InstanceStatistics* __restrict__ statistics) {
  const InstanceStatistics own = instance_statistics(s + style.first(), style.pixels, style.eps);
  if (threadIdx.x == 0) statistics[blockIdx.x] = own;
}

// `saved` is null where nobody asks for it.
__global__ void __launch_bounds__(element_threads)
    forward(Plane content, Plane style, const float* __restrict__ x, const InstanceStatistics* __restrict__ of_style,
            float* __restrict__ y, InstanceStatistics* __restrict__ saved) {
  const InstanceStatistics own = of_style[blockIdx.x];
  instance_norm(x + content.first(), content.pixels, content.eps, scale_of(content, style, own),
                static_cast<float>(own.mean), y + content.first(), saved ? saved + blockIdx.x : nullptr);
}

__global__ void __launch_bounds__(element_threads)
    backward_content(Plane content, Plane style, const float* __restrict__ x, const float* __restrict__ grad_y,
                     const InstanceStatistics* __restrict__ saved, const InstanceStatistics* __restrict__ of_style,
                     float* __restrict__ grad_x) {
  instance_norm_backward(x + content.first(), grad_y + content.first(), content.pixels, saved[blockIdx.x],
                         scale_of(content, style, of_style[blockIdx.x]), grad_x + content.first());
}

__global__ void __launch_bounds__(element_threads)
    backward_style(Plane content, Plane style, const float* __restrict__ x, const float* __restrict__ s,
                   const float* __restrict__ grad_y, const InstanceStatistics* __restrict__ saved,
                   const InstanceStatistics* __restrict__ of_style, float* __restrict__ grad_s) {
  GradientSums own;
  own.add(x + content.first(), grad_y + content.first(), content.pixels,
          Normalized(saved[blockIdx.x], x[content.first()]));
  const GradientSums sums = own.of_block();
  instance_statistics_backward(s + style.first(), style.pixels, of_style[blockIdx.x],
                               sums.shift / static_cast<float>(style.pixels), sums.scale * content.factor * style.slope,
                               grad_s + style.first());
}

simt::LaunchShape blocks(const Problem& problem) {
  const Shape& x = problem.output.shape;
  return {.grid = dim3(static_cast<unsigned>(x.n() * x.c())), .block = dim3(element_threads)};
}

size_t statistics_bytes(const Problem& problem) { return instance_statistics_bytes(problem.inputs[0]); }

InstanceStatistics* of_style(const Problem& problem, std::byte* saved) {
  return reinterpret_cast<InstanceStatistics*>(saved + statistics_bytes(problem));
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Plane content(problem, 0), style(problem, 1);
  auto* statistics = args.saved ? of_style(problem, args.saved) : reinterpret_cast<InstanceStatistics*>(args.workspace);
  simt::launch(blocks(problem), measure_style, style, args.inputs[1].f32(), statistics);
  simt::launch(blocks(problem), forward, content, style, args.inputs[0].f32(), statistics, args.output.f32(),
               reinterpret_cast<InstanceStatistics*>(args.saved));
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Plane content(problem, 0), style(problem, 1);
  const auto* saved = reinterpret_cast<const InstanceStatistics*>(args.saved);
  const InstanceStatistics* statistics = of_style(problem, args.saved);
  const float *x = args.inputs[0].f32(), *grad_y = args.grad_output.f32();
  if (args.grad_inputs[0])
    simt::launch(blocks(problem), backward_content, content, style, x, grad_y, saved, statistics,
                 args.grad_inputs[0].f32());
  if (args.grad_inputs[1])
    simt::launch(blocks(problem), backward_style, content, style, x, args.inputs[1].f32(), grad_y, saved, statistics,
                 args.grad_inputs[1].f32());
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "welford",
          .device = simt::device,
          .pass = pass,
          .layouts = in_nchw,
          .prepare = stateless(run, workspace)};
}

const std::string op = "adaptive_instance_norm";
const RegisterVariant registered_forward(op, variant(Pass::forward, run_forward, statistics_bytes));
const RegisterVariant registered_backward_data(op, variant(Pass::backward_data, run_backward_data, nullptr));

}  // namespace
}  // namespace convlens
