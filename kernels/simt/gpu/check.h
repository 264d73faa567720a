#pragma once

#include <cuda_runtime_api.h>

#include "kernels/base/error.h"

namespace simt {

/// Throws InternalError with CUDA's words for the error.
inline void check(cudaError_t error) {
  if (error != cudaSuccess)
    throw convlens::InternalError(std::string("CUDA: ") + cudaGetErrorName(error) + ", " + cudaGetErrorString(error));
}

}  // namespace simt
