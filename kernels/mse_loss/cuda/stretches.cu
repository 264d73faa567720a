// Forward, each block adds up a stretch of one image (image_sums). Backward, a thread an element, which it adds to the
// gradient that is there where that is asked for.

#include "kernels/base/cuda/image_sums.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/cuda/put.h"
#include "kernels/base/registry.h"
#include "kernels/mse_loss/mse_loss.h"

namespace convlens {
namespace {

struct SquaredDifference {
  const float *x, *target;
  int64_t image;  // elements
  __device__ float operator()(int64_t n, int64_t i) const {
    const float difference = x[n * image + i] - target[i];
    return difference * difference;
  }
};

__global__ void __launch_bounds__(element_threads)
    backward_data(const float* __restrict__ x, const float* __restrict__ target, const float* __restrict__ grad_y,
                  float* __restrict__ grad_x, int64_t image, int64_t count, float factor, bool accumulate) {
  const int64_t i = element_index();
  if (i >= count) return;
  put(grad_x + i, factor * grad_y[i / image] * (x[i] - target[i % image]), accumulate);
}

void run_forward(const Problem& problem, const Arguments& args) {
  const SquaredDifference term{args.inputs[0].f32(), args.weights[0].f32(), image_elements(problem.inputs[0].shape)};
  image_sums(problem.inputs[0].shape, term, static_cast<float>(mse_loss_factor(problem)), args.workspace,
             args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const int64_t count = problem.inputs[0].elements();
  simt::launch(one_thread_each(count), backward_data, args.inputs[0].f32(), args.weights[0].f32(),
               args.grad_output.f32(), args.grad_inputs[0].f32(), image_elements(problem.inputs[0].shape), count,
               static_cast<float>(2 * mse_loss_factor(problem)), args.accumulate);
}

const RegisterVariant registered_forward("mse_loss", {.name = "stretches",
                                                      .device = simt::device,
                                                      .pass = Pass::forward,
                                                      .layouts = in_nchw,
                                                      .prepare = stateless(run_forward, stretch_sums_workspace)});
const RegisterVariant registered_backward_data("mse_loss", {.name = "stretches",
                                                            .device = simt::device,
                                                            .pass = Pass::backward_data,
                                                            .accumulates = true,
                                                            .layouts = in_nchw,
                                                            .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
