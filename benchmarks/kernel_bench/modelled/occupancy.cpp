#include "benchmarks/kernel_bench/modelled/occupancy.h"

#include <algorithm>
#include <array>

namespace convlens::bench {
namespace {

constexpr int warp = 32, schedulers = 4, register_unit = 256;
constexpr int64_t shared_unit = 128, reserved_shared = 1024;

template <class T>
T in_units(T amount, T unit) {
  return (amount + unit - 1) / unit * unit;
}

struct Limit {
  int blocks;
  const char* name;
};

int blocks_by_registers(const BlockNeeds& block, int warps, const Gpu& gpu) {
  const int of_warp = in_units(block.registers * warp, register_unit);
  const int warps_of_scheduler = gpu.registers / schedulers / of_warp;
  return warps_of_scheduler * schedulers / warps;
}

}  // namespace

Occupancy occupancy(const BlockNeeds& block, const Gpu& gpu) {
  const int warps = in_units(block.threads, warp) / warp;
  const int64_t shared = in_units(block.shared_bytes + reserved_shared, shared_unit);
  const std::array limits{Limit{gpu.max_warps / warps, "warps"}, Limit{gpu.max_blocks, "blocks"},
                          Limit{blocks_by_registers(block, warps, gpu), "registers"},
                          Limit{static_cast<int>(gpu.shared_bytes / shared), "shared memory"}};
  const Limit& least = *std::ranges::min_element(limits, {}, &Limit::blocks);
  return {
      .blocks = least.blocks, .share = static_cast<double>(least.blocks * warps) / gpu.max_warps, .limit = least.name};
}

}  // namespace convlens::bench
