#pragma once

#include "kernels/simt/emulator/block.h"

/// Barriers and fences (CUDA C++ Programming Guide, "Synchronization Functions", "Memory Fence Functions").

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  simt::this_thread().block->barrier("__syncthreads()", false, where);
}
inline int __syncthreads_count(int predicate, std::source_location where = std::source_location::current()) {
  return simt::this_thread().block->barrier("__syncthreads_count()", predicate != 0, where);
}
inline int __syncthreads_or(int predicate, std::source_location where = std::source_location::current()) {
  return simt::this_thread().block->barrier("__syncthreads_or()", predicate != 0, where) > 0;
}
inline int __syncthreads_and(int predicate, std::source_location where = std::source_location::current()) {
  return simt::this_thread().block->barrier("__syncthreads_and()", predicate == 0, where) == 0;
}

// Threads of a block take turns on one core; blocks meet only in atomics, which order everything here.
inline void __threadfence_block() {}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
