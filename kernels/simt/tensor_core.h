#pragma once

/// Tensor cores for a CUDA kernel, in place of inline PTX: simt::to_tf32, simt::mma_m16n8k8_tf32,
/// simt::mma_m16n8k16<__half or __nv_bfloat16>, simt::ldmatrix_x4, simt::ldmatrix_x4_trans. What they do is said in
/// emulator/tensor_core.h.

#include "kernels/simt/half.h"
#include "kernels/simt/simt.h"

#if defined(__CUDACC__)
#include "kernels/simt/gpu/tensor_core.h"
#else
#include "kernels/simt/emulator/tensor_core.h"
#endif
