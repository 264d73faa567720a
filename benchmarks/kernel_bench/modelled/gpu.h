#pragma once

#include <cstdint>

namespace convlens::bench {

/// What a GPU can do at most. Rates are a second; those of instructions and shared memory are of one multiprocessor.
struct Gpu {
  const char* name;
  const char* architecture;  ///< whose machine code it runs
  int multiprocessors;
  double clock;
  double dram_bytes, l2_bytes;
  double fp32_flops, tf32_flops, f16_flops;  ///< of the whole GPU; the last two on tensor cores, dense
  double shared_wavefronts;                  ///< of 128 bytes; shared memory and the L1 cache are one memory
  double warp_instructions;                  ///< four schedulers issue one each in a clock

  // Of a multiprocessor.
  int max_warps, max_blocks, registers;
  int64_t shared_bytes;
};

/// H100 SXM5 80 GB. Memory, FP32 and tensor cores: NVIDIA's H100 datasheet (3.35 TB/s; 67, 495 and 989 TFLOP/s without
/// sparsity); 132 multiprocessors: H100 whitepaper; 67 TFLOP/s are 132 * 128 multiply-adds a clock at 1.98 GHz. NVIDIA
/// states no rate of the L2 cache: taken are the 5120 bytes a clock of the A100 (A100 whitepaper) at 1.755 GHz, which
/// is an assumption. Shared memory and what a multiprocessor holds: CUDA C++ Programming Guide, compute capability 9.0.
constexpr double h100_clock = 1.98e9;
constexpr Gpu h100_sxm{.name = "NVIDIA H100 SXM",
                       .architecture = "sm_90a",
                       .multiprocessors = 132,
                       .clock = h100_clock,
                       .dram_bytes = 3.35e12,
                       .l2_bytes = 5120 * 1.755e9,
                       .fp32_flops = 67e12,
                       .tf32_flops = 495e12,
                       .f16_flops = 989e12,
                       .shared_wavefronts = h100_clock,
                       .warp_instructions = 4 * h100_clock,
                       .max_warps = 64,
                       .max_blocks = 32,
                       .registers = 64 << 10,
                       .shared_bytes = 228 << 10};

}  // namespace convlens::bench
