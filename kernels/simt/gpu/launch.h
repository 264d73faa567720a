#pragma once

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>

#include <array>
#include <tuple>

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

/// The same for a kernel that waits for its whole grid (cooperative_groups::this_grid().sync()).
template <class... Parameters, class... Arguments>
void launch_cooperative(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
  auto addresses = std::apply([](auto&... value) { return std::array<void*, sizeof...(value)>{&value...}; }, values);
  check(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(kernel), shape.grid, shape.block, addresses.data(),
                                    shape.shared_bytes, nullptr));
}

/// The block's dynamic shared memory, 16-byte aligned.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ float4 memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace simt
