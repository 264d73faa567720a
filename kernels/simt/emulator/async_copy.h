#pragma once

#include "kernels/simt/emulator/block.h"

/// Asynchronous copies from global to shared memory (CUDA C++ Programming Guide, "Pipeline Primitives Interface"; PTX
/// cp.async). A copy takes place when it is waited for, and not before: what is read too early is still the old.

/// Copies size - zfill bytes and sets the last `zfill` bytes to zero; size is 4, 8 or 16, to which both are aligned.
inline void __pipeline_memcpy_async(void* to, const void* from, size_t size, size_t zfill = 0,
                                    std::source_location where = std::source_location::current()) {
  simt::Thread& thread = simt::this_thread();
  const auto misaligned = [&](const void* address) { return reinterpret_cast<uintptr_t>(address) % size != 0; };
  if (size != 4 && size != 8 && size != 16) thread.block->fail("asynchronous copies are of 4, 8 or 16 bytes", where);
  if (misaligned(to) || (zfill < size && misaligned(from)))
    thread.block->fail("an asynchronous copy is not aligned to its size", where);
  if (zfill < size) simt::tell(from, size - zfill, simt::Access::read, where);
  thread.copies.push_back({to, from, size, zfill, where});
}

inline void __pipeline_commit() {
  simt::Thread& thread = simt::this_thread();
  thread.copy_groups.push_back(thread.copies.size());
}

/// Waits for all groups but the last `prior`.
inline void __pipeline_wait_prior(size_t prior) { simt::this_thread().finish_copies(prior); }
