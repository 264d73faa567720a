#include "benchmarks/kernel_bench/evictor.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "kernels/base/device_api.h"

namespace convlens::bench {
namespace {

constexpr int64_t gpu_bytes = 256 << 20;  // twice the largest L2 cache of a GPU, that of a B200

// Reads and writes twice what the last cache holds.
void evict_host_caches() {
  static std::vector<char> memory(static_cast<size_t>(2 * std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 32L << 20)));
  for (size_t i = 0; i < memory.size(); i += 64) memory[i] = static_cast<char>(memory[i] + 1);
}

}  // namespace

std::function<void()> evictor(Device device) {
  if (device != Device::cuda) return evict_host_caches;
  DeviceApi& gpu = device_api(device);
  const TensorDesc desc{.shape = {1, 1, 1, gpu_bytes / 4}};
  return [&gpu, desc, memory = gpu.allocate(desc.bytes())] {
    gpu.zero({desc, memory.get()});
    gpu.synchronize();
  };
}

}  // namespace convlens::bench
