#pragma once

/// Cooperative groups for a CUDA kernel: namespace cooperative_groups as in CUDA, and simt::launch_cooperative(..) in
/// place of cudaLaunchCooperativeKernel(..).

#include "kernels/simt/simt.h"

#if defined(__CUDACC__)
#include "kernels/simt/gpu/cooperative_groups.h"
#else
#include "kernels/simt/emulator/cooperative_groups.h"
#endif
