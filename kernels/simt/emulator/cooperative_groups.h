#pragma once

#include "kernels/simt/emulator/cooperative_grid.h"
#include "kernels/simt/emulator/sync.h"
#include "kernels/simt/emulator/warp.h"
#include "kernels/simt/emulator/words.h"

/// Cooperative groups (CUDA C++ Programming Guide, "Cooperative Groups"): the block, tiles of it within a warp, and the
/// grid of simt::launch_cooperative. coalesced_threads() is not there: which lanes go together is the hardware's
/// choice.

namespace cooperative_groups {

class thread_block {
 public:
  static void sync(std::source_location where = std::source_location::current()) { __syncthreads(where); }
  static unsigned thread_rank() { return static_cast<unsigned>(simt::this_thread().number); }
  static unsigned num_threads() { return blockDim.x * blockDim.y * blockDim.z; }
  static unsigned size() { return num_threads(); }
  static dim3 dim_threads() { return blockDim; }
  static dim3 group_index() { return {blockIdx.x, blockIdx.y, blockIdx.z}; }
  static dim3 thread_index() { return {threadIdx.x, threadIdx.y, threadIdx.z}; }
};
inline thread_block this_thread_block() { return {}; }

class grid_group {
 public:
  static bool is_valid() { return grid() != nullptr; }
  /// The block comes together, one of its threads waits for the other blocks, and only then may the rest go on.
  static void sync(std::source_location where = std::source_location::current()) {
    simt::Block& block = *simt::this_thread().block;
    if (!is_valid()) block.fail("this_grid().sync() in a kernel that simt::launch_cooperative did not launch", where);
    block.barrier("this_grid().sync()", false, where);
    if (thread_block::thread_rank() == 0) grid()->barrier(where);
    block.barrier("this_grid().sync()", false, where);
  }
  static dim3 dim_blocks() { return gridDim; }
  static dim3 block_index() { return thread_block::group_index(); }
  static unsigned long long num_blocks() { return 1ULL * gridDim.x * gridDim.y * gridDim.z; }
  static unsigned long long block_rank() {
    return (1ULL * blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  }
  static unsigned long long num_threads() { return num_blocks() * thread_block::num_threads(); }
  static unsigned long long size() { return num_threads(); }
  static unsigned long long thread_rank() {
    return block_rank() * thread_block::num_threads() + thread_block::thread_rank();
  }

 private:
  static simt::CooperativeGrid* grid() { return simt::this_thread().block->grid(); }
};
inline grid_group this_grid() { return {}; }

/// Size consecutive threads of a warp, one of the equal parts of a block or of a greater tile. Lanes and ballots count
/// from the tile's first thread.
template <unsigned Size, class Parent = void>
class thread_block_tile {
  static_assert(Size <= simt::warp_size && (Size & (Size - 1)) == 0, "a tile has 1, 2, 4, 8, 16 or 32 threads");
  using Place = std::source_location;

 public:
  thread_block_tile(unsigned meta_group_rank, unsigned meta_group_size)
      : meta_group_rank_(meta_group_rank), meta_group_size_(meta_group_size) {}
  template <class Other>
  thread_block_tile(const thread_block_tile<Size, Other>& tile)
      : thread_block_tile(tile.meta_group_rank(), tile.meta_group_size()) {}

  static constexpr unsigned num_threads() { return Size; }
  static constexpr unsigned size() { return Size; }
  static unsigned thread_rank() { return thread_block::thread_rank() % Size; }
  unsigned meta_group_rank() const { return meta_group_rank_; }  ///< this tile's number in its parent
  unsigned meta_group_size() const { return meta_group_size_; }  ///< the parent's number of tiles

  void sync(Place where = Place::current()) const { __syncwarp(mask(), where); }
  template <class T>
  T shfl(T value, unsigned rank, Place where = Place::current()) const {
    return __shfl_sync(mask(), value, static_cast<int>(rank), Size, where);
  }
  template <class T>
  T shfl_up(T value, unsigned delta, Place where = Place::current()) const {
    return __shfl_up_sync(mask(), value, delta, Size, where);
  }
  template <class T>
  T shfl_down(T value, unsigned delta, Place where = Place::current()) const {
    return __shfl_down_sync(mask(), value, delta, Size, where);
  }
  template <class T>
  T shfl_xor(T value, unsigned rank_mask, Place where = Place::current()) const {
    return __shfl_xor_sync(mask(), value, static_cast<int>(rank_mask), Size, where);
  }
  bool any(int predicate, Place where = Place::current()) const { return __any_sync(mask(), predicate, where) != 0; }
  bool all(int predicate, Place where = Place::current()) const { return __all_sync(mask(), predicate, where) != 0; }
  unsigned ballot(int predicate, Place where = Place::current()) const {
    return __ballot_sync(mask(), predicate, where) >> first_lane();
  }

 private:
  static int first_lane() { return simt::segment(Size); }
  static unsigned mask() { return 0xffffffffU >> (simt::warp_size - Size) << first_lane(); }

  unsigned meta_group_rank_, meta_group_size_;
};

template <unsigned Size, class Parent>
thread_block_tile<Size, Parent> tiled_partition(const Parent& parent) {
  return {parent.thread_rank() / Size, (parent.num_threads() + Size - 1) / Size};
}

template <class Group>
void sync(const Group& group, std::source_location where = std::source_location::current()) {
  group.sync(where);
}

template <class T>
struct plus {
  T operator()(T a, T b) const { return a + b; }
};
template <class T>
struct less {
  T operator()(T a, T b) const { return b < a ? b : a; }
};
template <class T>
struct greater {
  T operator()(T a, T b) const { return a < b ? b : a; }
};

/// op over the values of a tile's threads, in every one of them; sums in the order in which CUDA's own add.
template <unsigned Size, class Parent, class T, class Op>
T reduce(const thread_block_tile<Size, Parent>& tile, T value, Op op,
         std::source_location where = std::source_location::current()) {
  for (unsigned distance = Size / 2; distance > 0; distance /= 2)
    value = op(value, tile.shfl_xor(value, distance, where));
  return value;
}

}  // namespace cooperative_groups
