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
///   shared memory its wavefronts, and sectors that warps ask the L1 cache for, four a wavefront, as the two are one
///                 memory: one wavefront a clock and multiprocessor
///   issue         instructions of warps, four a clock and multiprocessor: for each request of memory those that stand
///                 around it in the loop in which nvcc's code multiplies (tools/convlens/sass.py)
///   tensor cores  the products of matrices that stand there, if there are any
///
/// Of the last three the fullest multiprocessor decides: it has ceil(blocks / multiprocessors) of the blocks. Launches
/// of one call follow each other. Sectors, wavefronts and requests are counted by the emulator (kernels/simt/lens).
///
/// Not in it: latencies, of memory and of launches, so that what has too few warps to hide them takes longer; loads
/// that nvcc merges into one wide access, or paths of the loop of which a warp takes but one, either of which puts too
/// few or too many instructions around a request.

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

/// `compiled` may be null: then a request is one instruction, and nothing else is known to be done.
Limits limits_of(const LaunchWork& work, const CompiledKernel* compiled, const Gpu& gpu);

/// The longest.
Limits::value_type binding(const Limits& limits);

/// Below which no kernel gets: the problem's bytes at DRAM's rate, or its flops on the tensor cores that take f32
/// (rounded to TF32).
double least_seconds(const LeastWork& work, const Gpu& gpu);

}  // namespace convlens::bench
