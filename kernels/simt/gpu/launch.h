#pragma once

#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>

#include "kernels/simt/gpu/stream.h"

namespace simt {

constexpr convlens::Device device = convlens::Device::cuda;

/// The sizes of a launch.
struct LaunchShape {
  dim3 grid, block;
  size_t shared_bytes = 0;  ///< dynamic shared memory of a block
};

constexpr size_t shared_bytes_unasked =
    48 << 10;  // for more a kernel has to ask (CUDA Programming Guide, "Shared Memory")

/// kernel<<<grid, block, shared_bytes, stream>>>(arguments..)
template <class... Parameters, class... Arguments>
void launch(const Stream& stream, const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  if (shape.shared_bytes > shared_bytes_unasked)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shape.shared_bytes)));
  kernel<<<shape.grid, shape.block, shape.shared_bytes, stream.get()>>>(static_cast<Parameters>(arguments)...);
  check(cudaGetLastError());
}

/// The same on the device's stream.
template <class... Parameters, class... Arguments>
void launch(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  launch(device_stream(), shape, kernel, arguments...);
}

/// The block's dynamic shared memory, 16-byte aligned.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ float4 memory[];
  return reinterpret_cast<T*>(memory);
}

}  // namespace simt
