#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/kernel_bench/modelled/gpu.h"

namespace convlens::bench {

/// What a block of a kernel takes of a multiprocessor.
struct BlockNeeds {
  int threads;
  int registers;         ///< of a thread
  int64_t shared_bytes;  ///< static and dynamic
};

/// How many blocks a multiprocessor holds, the share of its warps that they fill, and what allows no more.
struct Occupancy {
  int blocks;
  double share;
  std::string limit;
};

/// CUDA's rules for compute capability 9.0 (cuda_occupancy.h of the toolkit): registers are given to warps in units of
/// 256, to each of the four schedulers' quarters of the file; shared memory to blocks in units of 128 bytes, after the
/// 1 KiB that the system keeps of each.
Occupancy occupancy(const BlockNeeds& block, const Gpu& gpu);

}  // namespace convlens::bench
