#pragma once

#include <memory>

#include "kernels/base/device_api.h"
#include "kernels/simt/gpu/check.h"

namespace simt {

/// Stream-ordered memory (CUDA Programming Guide, "Stream Ordered Memory Allocator"): given and taken back in the order
/// of the device's stream, so that neither waits for the GPU. What is taken back stays in the pool for the next.
class MemoryPool {
 public:
  MemoryPool();
  convlens::DeviceBuffer allocate(size_t bytes) const;  ///< throws OutOfMemory
  size_t available() const;                             ///< bytes: the GPU's free ones and the pool's

 private:
  struct Destroy {
    void operator()(cudaMemPool_t pool) const { cudaMemPoolDestroy(pool); }
  };
  std::unique_ptr<CUmemPoolHandle_st, Destroy> pool_;
};

/// The device's pool.
const MemoryPool& memory_pool();

}  // namespace simt
