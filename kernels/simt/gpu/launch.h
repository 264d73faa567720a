#pragma once

#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>

#include "kernels/base/error.h"

namespace simt {

constexpr convlens::Device device = convlens::Device::cuda;

/// The sizes of a launch.
struct LaunchShape {
  dim3 grid, block;
  size_t shared_bytes = 0;  ///< dynamic shared memory of a block
};

/// Throws InternalError with CUDA's words for the error.
inline void check(cudaError_t error) {
  if (error != cudaSuccess)
    throw convlens::InternalError(std::string("CUDA: ") + cudaGetErrorName(error) + ", " + cudaGetErrorString(error));
}

/// kernel<<<grid, block, shared_bytes>>>(arguments..)
template <class... Parameters, class... Arguments>
void launch(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  kernel<<<shape.grid, shape.block, shape.shared_bytes>>>(static_cast<Parameters>(arguments)...);
  check(cudaGetLastError());
}

/// The block's dynamic shared memory, 16-byte aligned.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ float4 memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace simt
