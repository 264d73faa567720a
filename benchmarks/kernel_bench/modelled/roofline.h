#pragma once

#include <map>
#include <string>

#include "benchmarks/kernel_bench/least_work.h"
#include "benchmarks/kernel_bench/modelled/compiled_kernels.h"
#include "benchmarks/kernel_bench/modelled/gpu.h"
#include "kernels/simt/lens/recorder.h"

/// The model of a launch's time. It takes at least as long as each of these, and is said to take the longest:
///
///   DRAM          sectors of 32 bytes that its blocks touch, each once, at DRAM's rate
///   L2            the same, each once a block (as if the L1 cache kept whatever its block has loaded)
///   shared memory wavefronts of shared memory, and sectors that its warps ask the L1 cache for, four a wavefront, as
///   the
///                 two are one memory: one wavefront a clock and multiprocessor
///   issue         instructions of warps, four a clock and multiprocessor: the formula's multiplications, in the mix of
///                 the loop in which nvcc's code multiplies, or if there are more, the requests of memory
///   tensor cores  the formula's operations, if that loop makes them by HMMA
///
/// Of the last three the fullest multiprocessor decides: it has ceil(blocks / multiprocessors) of the blocks. Launches
/// of one call follow each other; the one with the most requests makes the formula's multiplications. Sectors,
/// wavefronts and requests are counted by the emulator (kernels/simt/lens), multiplications are two flops of
/// Operator::flops.
///
/// Not in it: latencies, of memory and of launches, so that what has too few warps to hide them takes longer; what a
/// transform such as Winograd's saves of the formula; instructions outside the main loop.

namespace convlens::bench {

/// What a whole launch does; scaled, if only some of its blocks were run.
struct LaunchWork {
  double blocks = 0, blocks_run = 0;
  double asked_bytes = 0;   ///< sectors that requests ask the L1 cache for
  double block_bytes = 0;   ///< each once a block
  double launch_bytes = 0;  ///< each once; if scaled, no more than the buffers that it touches hold
  double requests = 0;      ///< of warps, to either memory
  double wavefronts = 0, fewest_wavefronts = 0;
  int ways = 0;  ///< the worst bank conflict
};

LaunchWork work_of(const simt::LaunchReport& report);

/// Seconds that each limit asks for, by its name.
using Limits = std::map<std::string, double>;

/// `flops`: of the formula, that this launch makes. `compiled` may be null: then a multiplication is one instruction.
Limits limits_of(const LaunchWork& work, double flops, const CompiledKernel* compiled, const Gpu& gpu);

/// The longest.
Limits::value_type binding(const Limits& limits);

/// Below which no kernel gets: the problem's bytes at DRAM's rate, or its flops on the tensor cores that take f32
/// (rounded to TF32).
double least_seconds(const LeastWork& work, const Gpu& gpu);

}  // namespace convlens::bench
