#include "kernels/simt/gpu/memory_pool.h"

#include <algorithm>

#include "kernels/simt/gpu/stream.h"

namespace simt {
namespace {

size_t attribute(cudaMemPool_t pool, cudaMemPoolAttr which) {
  uint64_t bytes = 0;
  check(cudaMemPoolGetAttribute(pool, which, &bytes));
  return bytes;
}

}  // namespace

MemoryPool::MemoryPool() {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  check(cudaGetDevice(&properties.location.id));
  cudaMemPool_t pool = nullptr;
  check(cudaMemPoolCreate(&pool, &properties));
  pool_.reset(pool);
  uint64_t kept = UINT64_MAX;
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &kept));
}

convlens::DeviceBuffer MemoryPool::allocate(size_t bytes) const {
  void* memory = nullptr;
  const cudaError_t error =
      cudaMallocFromPoolAsync(&memory, std::max<size_t>(bytes, 1), pool_.get(), device_stream().get());
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // which would be found after the next launch
    throw convlens::OutOfMemory(bytes, available());
  }
  check(error);
  return {static_cast<std::byte*>(memory), [](std::byte* address) { cudaFreeAsync(address, device_stream().get()); }};
}

size_t MemoryPool::available() const {
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  return free + attribute(pool_.get(), cudaMemPoolAttrReservedMemCurrent) -
         attribute(pool_.get(), cudaMemPoolAttrUsedMemCurrent);
}

const MemoryPool& memory_pool() {
  static const MemoryPool pool;
  return pool;
}

}  // namespace simt
