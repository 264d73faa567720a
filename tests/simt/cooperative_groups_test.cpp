// Groups within a block against their definitions (CUDA C++ Programming Guide, "Cooperative Groups").

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kernels/simt/cooperative_groups.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

namespace cg = cooperative_groups;

struct BlockFacts {
  unsigned rank, threads, group_y, index_z;
};

__global__ void ask_block(BlockFacts* facts) {
  const cg::thread_block block = cg::this_thread_block();
  const unsigned first = block.group_index().y * block.size();
  facts[first + block.thread_rank()] = {block.thread_rank(), block.num_threads(), block.group_index().y,
                                        block.thread_index().z};
}

TEST(CooperativeGroups, ABlockCountsItsThreadsAlongX) {
  std::vector<BlockFacts> facts(2 * 30);
  launch({.grid = {1, 2}, .block = {5, 3, 2}}, ask_block, facts.data());
  for (unsigned i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(facts[i].rank, i % 30);
    EXPECT_EQ(facts[i].threads, 30U);
    EXPECT_EQ(facts[i].group_y, i / 30);
    EXPECT_EQ(facts[i].index_z, i % 30 / 15);
  }
}

__global__ void reverse_block(int* x) {
  const auto block = cg::this_thread_block();
  int* memory = dynamic_shared<int>();
  memory[block.thread_rank()] = x[block.thread_rank()];
  block.sync();
  const int other = memory[block.size() - 1 - block.thread_rank()];
  cg::sync(block);
  x[block.thread_rank()] = other;
}

TEST(CooperativeGroups, ABlockWaitsForItsThreads) {
  std::vector<int> x{0, 1, 2, 3, 4, 5, 6, 7};
  launch({.grid = 1, .block = 8, .shared_bytes = 32}, reverse_block, x.data());
  EXPECT_EQ(x, (std::vector<int>{7, 6, 5, 4, 3, 2, 1, 0}));
}

struct TileFacts {
  unsigned size, rank, number, count;
  int from_one, from_below, from_above, from_partner;
  bool any, all;
  unsigned ballot;
  int sum, least, greatest;
};

constexpr int threads = 64;

// Every thread brings a number of its own, and whether it divides by three.
__device__ int value_of(int thread) { return (thread * 37 + 11) % 101; }
__device__ bool vote_of(int thread) { return value_of(thread) % 3 == 0; }

template <unsigned Size>
__global__ void ask_tile(TileFacts* facts) {
  const auto tile = cg::tiled_partition<Size>(cg::this_thread_block());
  const int thread = static_cast<int>(threadIdx.x), value = value_of(thread);
  const bool vote = vote_of(thread);
  facts[thread] = {.size = tile.size(),
                   .rank = tile.thread_rank(),
                   .number = tile.meta_group_rank(),
                   .count = tile.meta_group_size(),
                   .from_one = tile.shfl(value, Size / 2),
                   .from_below = tile.shfl_up(value, 1),
                   .from_above = tile.shfl_down(value, 3),
                   .from_partner = tile.shfl_xor(value, Size - 1),
                   .any = tile.any(vote),
                   .all = tile.all(vote),
                   .ballot = tile.ballot(vote),
                   .sum = cg::reduce(tile, value, cg::plus<int>()),
                   .least = cg::reduce(tile, value, cg::less<int>()),
                   .greatest = cg::reduce(tile, value, cg::greater<int>())};
}

template <unsigned Size>
void expect_tiles_of() {
  constexpr int size = Size;
  std::vector<TileFacts> facts(threads);
  launch({.grid = 1, .block = threads}, ask_tile<Size>, facts.data());
  for (int i = 0; i < threads; ++i) {
    const TileFacts& f = facts[i];
    const int first = i / size * size, rank = i - first;
    EXPECT_EQ(f.size, Size);
    EXPECT_EQ(f.rank, static_cast<unsigned>(rank));
    EXPECT_EQ(f.number, static_cast<unsigned>(i / size));
    EXPECT_EQ(f.count, threads / Size);
    EXPECT_EQ(f.from_one, value_of(first + size / 2));
    EXPECT_EQ(f.from_below, value_of(rank >= 1 ? i - 1 : i));
    EXPECT_EQ(f.from_above, value_of(rank + 3 < size ? i + 3 : i));
    EXPECT_EQ(f.from_partner, value_of(first + size - 1 - rank));
    unsigned ballot = 0;
    std::vector<int> values;
    for (int k = 0; k < size; ++k) {
      ballot |= static_cast<unsigned>(vote_of(first + k)) << k;
      values.push_back(value_of(first + k));
    }
    EXPECT_EQ(f.ballot, ballot);
    EXPECT_EQ(f.any, ballot != 0);
    EXPECT_EQ(f.all, ballot == 0xffffffffU >> (32 - size));
    EXPECT_EQ(f.sum, std::accumulate(values.begin(), values.end(), 0));
    EXPECT_EQ(f.least, std::ranges::min(values));
    EXPECT_EQ(f.greatest, std::ranges::max(values));
  }
}

TEST(CooperativeGroups, TilesExchangeVoteAndReduce) {
  for (const Turns turns : {Turns::ascending, Turns::descending}) {
    const WithTurns scope(turns);
    expect_tiles_of<1>();
    expect_tiles_of<2>();
    expect_tiles_of<4>();
    expect_tiles_of<8>();
    expect_tiles_of<16>();
    expect_tiles_of<32>();
  }
}

__global__ void ask_nested(unsigned* numbers, unsigned* counts) {
  const cg::thread_block_tile<32> warp = cg::tiled_partition<32>(cg::this_thread_block());
  const auto tile = cg::tiled_partition<4>(warp);
  numbers[threadIdx.x] = tile.meta_group_rank();
  counts[threadIdx.x] = tile.meta_group_size();
}

TEST(CooperativeGroups, ATileOfATileCountsWithinIt) {
  std::vector<unsigned> numbers(threads), counts(threads);
  launch({.grid = 1, .block = threads}, ask_nested, numbers.data(), counts.data());
  EXPECT_EQ(counts, std::vector<unsigned>(threads, 8));
  for (unsigned i = 0; i < threads; ++i) EXPECT_EQ(numbers[i], i % 32 / 4);
}

// Tiles of one warp may go different ways: each waits for its own threads only.
__global__ void branch_by_tile(int* sums) {
  const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  int sum = 0;
  if (tile.meta_group_rank() % 2 == 0) {
    tile.sync();
    sum = cg::reduce(tile, 1, cg::plus<int>());
  }
  sums[threadIdx.x] = sum;
}

TEST(CooperativeGroups, TilesOfAWarpMayBranch) {
  std::vector<int> sums(32);
  launch({.grid = 1, .block = 32}, branch_by_tile, sums.data());
  for (int i = 0; i < 32; ++i) EXPECT_EQ(sums[i], i / 8 % 2 == 0 ? 8 : 0);
}

constexpr int missing_line = __LINE__ + 3;
__global__ void branch_within_tile(int missing) {
  const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  if (static_cast<int>(threadIdx.x) != missing) tile.sync();
  cg::this_thread_block().sync();
}

TEST(PlantedBug, TileThatAThreadDoesNotJoin) {
  const std::string text = message([] { launch({.grid = 1, .block = 32}, branch_within_tile, 9); });
  EXPECT_NE(text.find("7 wait for __syncwarp() at"), std::string::npos) << text;
  EXPECT_NE(text.find("cooperative_groups_test.cpp:" + std::to_string(missing_line)), std::string::npos) << text;
  launch({.grid = 1, .block = 32}, branch_within_tile, -1);
}

}  // namespace
}  // namespace simt
