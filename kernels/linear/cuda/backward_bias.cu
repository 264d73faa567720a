#include "kernels/linear/cuda/backward_bias.h"

#include "kernels/base/cuda/blocks.h"

namespace convlens {
namespace {

// A thread a feature.
__global__ void __launch_bounds__(element_threads)
    sum_batch(int batch, int out_features, int64_t step, const float* __restrict__ grad_y,
              float* __restrict__ grad_bias) {
  const int64_t o = element_index();
  if (o >= out_features) return;
  float sum = 0.0F;
  for (int n = 0; n < batch; ++n) sum += grad_y[n * step + o];
  grad_bias[o] = sum;
}

}  // namespace

void linear_backward_bias(int batch, int out_features, int64_t step, const float* grad_y, float* grad_bias) {
  simt::launch(one_thread_each(out_features), sum_batch, batch, out_features, step, grad_y, grad_bias);
}

}  // namespace convlens
