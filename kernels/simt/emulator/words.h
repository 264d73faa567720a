#pragma once

#include "kernels/simt/emulator/block.h"

/// CUDA's words for the compiler. A block runs on one thread of the CPU, one block at a time: what its threads share is
/// therefore that thread's own.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __constant__
#define __shared__ static thread_local
#define __launch_bounds__(...)

#define threadIdx (::simt::this_thread().index)
#define blockIdx (::simt::this_thread().block->index())
#define blockDim (::simt::this_thread().block->shape().block)
#define gridDim (::simt::this_thread().block->shape().grid)
