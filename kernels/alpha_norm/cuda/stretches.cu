// Forward, each block adds up a stretch of one image (image_sums). Backward, a thread an element, which it adds to the
// gradient that is there where that is asked for.

#include "kernels/alpha_norm/alpha_norm.h"
#include "kernels/base/cuda/image_sums.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/put.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

struct PowerOfElement {
  const float* x;
  int64_t image;  // elements
  float alpha;
  __device__ float operator()(int64_t n, int64_t i) const {
    const float v = x[n * image + i];
    return alpha == 2.0F ? v * v : powf(fabsf(v), alpha);
  }
};

__device__ float derivative(float x, float alpha) {
  if (alpha == 2.0F) return 2.0F * x;
  const float size = alpha * powf(fabsf(x), alpha - 1.0F);
  return x > 0.0F ? size : x < 0.0F ? -size : 0.0F;
}

__global__ void __launch_bounds__(element_threads)
    backward_data(const float* __restrict__ x, const float* __restrict__ grad_y, float* __restrict__ grad_x,
                  int64_t image, int64_t count, float alpha, bool accumulate) {
  const int64_t i = element_index();
  if (i >= count) return;
  put(grad_x + i, grad_y[i / image] * derivative(x[i], alpha), accumulate);
}

float alpha_of(const Problem& problem) { return static_cast<float>(problem.params_as<AlphaNormParams>().alpha); }

void run_forward(const Problem& problem, const Arguments& args) {
  const PowerOfElement term{args.inputs[0].f32(), image_elements(problem.inputs[0].shape), alpha_of(problem)};
  image_sums(problem.inputs[0].shape, term, 1.0F, args.workspace, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.inputs[0].elements();
  simt::launch(one_thread_each(count), backward_data, args.inputs[0].f32(), args.grad_output.f32(),
               args.grad_inputs[0].f32(), image_elements(problem.inputs[0].shape), count, alpha_of(problem),
               args.accumulate);
}

const RegisterVariant registered_forward("alpha_norm", {.name = "stretches",
                                                        .device = simt::device,
                                                        .pass = Pass::forward,
                                                        .layouts = in_nchw,
                                                        .prepare = stateless(run_forward, stretch_sums_workspace)});
const RegisterVariant registered_backward_data("alpha_norm", {.name = "stretches",
                                                              .device = simt::device,
                                                              .pass = Pass::backward_data,
                                                              .accumulates = true,
                                                              .layouts = in_nchw,
                                                              .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
