// Threads, blocks and grids: each runs once, with its own indices, and a block's threads share its memory.

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "kernels/simt/simt.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

using Place = std::tuple<unsigned, unsigned, unsigned, unsigned, unsigned, unsigned>;

void record_place(Place* places, int* runs) {
  const unsigned in_block = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned i = block * blockDim.x * blockDim.y * blockDim.z + in_block;
  places[i] = {blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z};
  atomicAdd(&runs[i], 1);
}

TEST(Grid, EachThreadRunsOnceAtItsPlace) {
  const LaunchShape shape{.grid = {3, 2, 4}, .block = {5, 3, 2}};
  const size_t count = 24 * 30;
  std::vector<Place> places(count);
  std::vector<int> runs(count);
  launch(shape, record_place, places.data(), runs.data());
  EXPECT_EQ(std::set(places.begin(), places.end()).size(), count);
  EXPECT_EQ(runs, std::vector<int>(count, 1));
  EXPECT_EQ(places[31], Place(1, 0, 0, 1, 0, 0));
}

__global__ void reverse(const int* from, int* to) {
  __shared__ int tile[64];
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  tile[threadIdx.x] = from[i];
  __syncthreads();
  to[i] = tile[blockDim.x - 1 - threadIdx.x];
}

TEST(Grid, ABlockSharesMemoryAcrossABarrier) {
  constexpr int blocks = 100, threads = 64;
  std::vector<int> from(blocks * threads), to(blocks * threads);
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<int>(i);
  launch({.grid = blocks, .block = threads}, reverse, from.data(), to.data());
  for (int b = 0; b < blocks; ++b)
    for (int i = 0; i < threads; ++i) ASSERT_EQ(to[b * threads + i], b * threads + threads - 1 - i);
}

// A tree in shared memory whose barriers stand in a loop.
__global__ void sum_by_tree(const float* from, float* sums) {
  float* memory = dynamic_shared<float>();
  memory[threadIdx.x] = from[blockIdx.x * blockDim.x + threadIdx.x];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) memory[threadIdx.x] += memory[threadIdx.x + half];
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = memory[0];
}

TEST(Grid, BarriersInALoopKeepTheirOrder) {
  std::vector<float> from(8 * 256, 1.0F), sums(8);
  launch({.grid = 8, .block = 256, .shared_bytes = 256 * sizeof(float)}, sum_by_tree, from.data(), sums.data());
  EXPECT_EQ(sums, std::vector<float>(8, 256.0F));
}

__global__ void vote(int* results) {
  const int a = __syncthreads_count(threadIdx.x % 3 == 0), b = __syncthreads_or(threadIdx.x == 70),
            c = __syncthreads_and(threadIdx.x < 96), d = __syncthreads_and(threadIdx.x < 95);
  if (threadIdx.x == 50) results[0] = a, results[1] = b, results[2] = c, results[3] = d;
}

TEST(Grid, BarriersVote) {
  int results[4];
  launch({.grid = 1, .block = 96}, vote, +results);
  EXPECT_EQ(results[0], 32);
  EXPECT_EQ(results[1], 1);
  EXPECT_EQ(results[2], 1);
  EXPECT_EQ(results[3], 0);
}

__global__ void read_before_writing(float* result) { *result = dynamic_shared<float>()[3]; }

TEST(Grid, SharedMemoryBeginsAsNaN) {
  float result = 0;
  launch({.grid = 1, .block = 1, .shared_bytes = 16}, read_before_writing, &result);
  EXPECT_TRUE(std::isnan(result));
}

__global__ void add_one(int* count, float* sum) {
  atomicAdd(count, 1);
  atomicAdd(sum, 0.5F);
}

TEST(Grid, AtomicsOfAllBlocksAdd) {
  int count = 0;
  float sum = 0;
  launch({.grid = 64, .block = 128}, add_one, &count, &sum);
  EXPECT_EQ(count, 64 * 128);
  EXPECT_EQ(sum, 64 * 64.0F);
}

__global__ void nothing() {}

TEST(Grid, RefusesWhatNoGpuTakes) {
  EXPECT_NE(message([] { launch({.grid = 1, .block = 1025}, nothing); }).find("1025 threads"), std::string::npos);
  EXPECT_NE(message([] { launch({.grid = {1, 65536}, .block = 1}, nothing); }).find("grid"), std::string::npos);
  EXPECT_NE(message([] { launch({.grid = 0, .block = 1}, nothing); }).find("grid"), std::string::npos);
  EXPECT_NE(message([] { launch({.grid = 1, .block = 1, .shared_bytes = 1 << 20}, nothing); }).find("shared memory"),
            std::string::npos);
}

}  // namespace
}  // namespace simt
