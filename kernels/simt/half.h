#pragma once

/// `__half` and `__nv_bfloat16` for a CUDA kernel, as simt.h is the rest of CUDA; and under one name what CUDA names
/// differently for the two, so that one template serves both:
///   simt::round_to<T>(x)           x as T, rounded to nearest, ties to even
///   simt::round_pair<T>(a, b)      both in one register, the first in its low half

#if defined(__CUDACC__)
#include "kernels/simt/gpu/half.h"
#else
#include "kernels/simt/emulator/half.h"
#endif
