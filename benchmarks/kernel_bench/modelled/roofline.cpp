#include "benchmarks/kernel_bench/modelled/roofline.h"

#include <algorithm>
#include <cmath>

namespace convlens::bench {
namespace {

constexpr double sectors_of_wavefront = 4, lanes = 32;

// A launch of which every block was run is counted; of another, a buffer is taken to be touched as evenly as it is by
// the blocks that were.
double bytes_once(const simt::LaunchReport& report, double scale) {
  if (report.blocks_run == report.blocks) return static_cast<double>(report.loads.fewest + report.stores.fewest);
  double bytes = 0;
  for (const simt::BufferTraffic& buffer : report.buffers)
    for (const int64_t of_blocks : {buffer.loads_of_blocks, buffer.stores_of_blocks})
      bytes += std::min(static_cast<double>(of_blocks) * scale, static_cast<double>(buffer.bytes));
  return bytes;
}

double matrix_flops(const CompiledKernel& compiled, const Gpu& gpu) {
  return std::ranges::count(compiled.matrix_types, "TF32") ? gpu.tf32_flops : gpu.f16_flops;
}

// How many of what stands in the main loop belong to one request of memory.
double each_request(int InstructionMix::*what, const CompiledKernel* compiled) {
  if (!compiled || compiled->main_loop.requests == 0) return 1;
  return static_cast<double>(compiled->main_loop.*what) / compiled->main_loop.requests;
}

}  // namespace

LaunchWork work_of(const simt::LaunchReport& report) {
  const double scale = static_cast<double>(report.blocks) / static_cast<double>(report.blocks_run);
  LaunchWork work{.blocks = static_cast<double>(report.blocks), .blocks_run = static_cast<double>(report.blocks_run)};
  work.asked_bytes = static_cast<double>(report.loads.moved + report.stores.moved) * scale;
  work.block_bytes = static_cast<double>(report.loads.fewest_of_blocks + report.stores.fewest_of_blocks) * scale;
  work.launch_bytes = bytes_once(report, scale);
  for (const simt::LineTraffic& line : report.lines) {
    work.requests += static_cast<double>(line.traffic.requests) * scale;
    if (line.space != simt::Space::shared) continue;
    work.wavefronts += static_cast<double>(line.traffic.transactions) * scale;
    work.fewest_wavefronts += static_cast<double>(line.traffic.fewest_transactions) * scale;
    work.ways = std::max(work.ways, line.traffic.ways);
  }
  return work;
}

Limits limits_of(const LaunchWork& work, const CompiledKernel* compiled, const Gpu& gpu) {
  const double share = std::ceil(work.blocks / gpu.multiprocessors) / work.blocks;  // of the fullest multiprocessor
  const double wavefronts = work.wavefronts + work.asked_bytes / simt::sector_bytes / sectors_of_wavefront;
  Limits limits{
      {"DRAM", work.launch_bytes / gpu.dram_bytes},
      {"L2", work.block_bytes / gpu.l2_bytes},
      {"shared memory", wavefronts * share / gpu.shared_wavefronts},
      {"issue", work.requests * each_request(&InstructionMix::total, compiled) * share / gpu.warp_instructions}};
  if (compiled && !compiled->matrix_types.empty()) {
    const double flops = 2 * lanes * work.requests * each_request(&InstructionMix::products, compiled);
    limits["tensor cores"] = flops * share * gpu.multiprocessors / matrix_flops(*compiled, gpu);
  }
  return limits;
}

Limits::value_type binding(const Limits& limits) {
  return *std::ranges::max_element(limits, {}, &Limits::value_type::second);
}

double least_seconds(const LeastWork& work, const Gpu& gpu) {
  return std::max(work.bytes / gpu.dram_bytes, work.flops / gpu.tf32_flops);
}

}  // namespace convlens::bench
