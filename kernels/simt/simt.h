#pragma once

/// The one header of a CUDA kernel. With nvcc it is CUDA; with g++ it is the emulator, which gives CUDA's words their
/// meaning on the CPU, so that the same .cu file runs, is tested and can be stepped through without a GPU.
///
/// Beyond CUDA's own words a kernel uses
///   simt::launch({.grid = .., .block = ..}, kernel, arguments..)   in place of kernel<<<..>>>(..)
///   simt::dynamic_shared<float>()                                  in place of extern __shared__ float memory[]
///   simt::device                                                   the Device that this compilation is for
/// More headers stand for what few kernels use: half.h (numbers of 16 bits), tensor_core.h, cooperative_groups.h.

#include "kernels/base/variant.h"

#if defined(__CUDACC__)
#include "kernels/simt/gpu/launch.h"
#else
#include "kernels/simt/emulator/async_copy.h"
#include "kernels/simt/emulator/atomics.h"
#include "kernels/simt/emulator/intrinsics.h"
#include "kernels/simt/emulator/launch.h"
#include "kernels/simt/emulator/sync.h"
#include "kernels/simt/emulator/warp.h"
#include "kernels/simt/emulator/words.h"
#endif
