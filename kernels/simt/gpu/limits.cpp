#include "kernels/simt/gpu/limits.h"

#include "kernels/simt/gpu/check.h"

namespace simt {
namespace {

int attribute(cudaDeviceAttr which) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

// 32-bit additions and multiplications a clock and multiprocessor: CUDA C++ Programming Guide, "Arithmetic
// Instructions".
int f32_lanes(int major, int minor) { return major == 7 || (major == 8 && minor == 0) ? 64 : 128; }

}  // namespace

convlens::DeviceLimits gpu_limits() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0));
  const double clock = 1e3 * attribute(cudaDevAttrClockRate),
               memory_clock = 1e3 * attribute(cudaDevAttrMemoryClockRate);
  const double bus_bytes = attribute(cudaDevAttrGlobalMemoryBusWidth) / 8.0;
  return {.name = std::string(properties.name) + " at up to " + std::to_string(static_cast<int>(clock / 1e6)) +
                  " MHz, memory at " + std::to_string(static_cast<int>(memory_clock / 1e6)) + " MHz",
          .f32_flops = 2.0 * f32_lanes(properties.major, properties.minor) * properties.multiProcessorCount * clock,
          .bytes = 2 * memory_clock * bus_bytes};  // two transfers a clock
}

}  // namespace simt
