#pragma once

/// `__half` and `__nv_bfloat16` for a CUDA kernel, as simt.h is the rest of CUDA; and what CUDA names differently for
/// the two, so that one template serves both.

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#else
#include "kernels/simt/emulator/half.h"
#include "kernels/simt/emulator/words.h"
#endif

namespace simt {

/// x rounded to T, to nearest, ties to even.
template <class T>
__device__ T round_to(float x);
template <>
__device__ inline __half round_to(float x) {
  return __float2half_rn(x);
}
template <>
__device__ inline __nv_bfloat16 round_to(float x) {
  return __float2bfloat16_rn(x);
}

}  // namespace simt
