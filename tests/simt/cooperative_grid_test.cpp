// The barrier of a grid (CUDA C++ Programming Guide, "Grid Synchronization"): blocks that are there at once and wait
// for each other, and those that do so in vain.

#include <gtest/gtest.h>

#include "kernels/simt/cooperative_groups.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

namespace cg = cooperative_groups;

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

std::string place(int line) { return "cooperative_grid_test.cpp:" + std::to_string(line); }

// Heat along a ring: each step reads what other blocks wrote in the step before. A block keeps its own part of the
// first state in shared memory until the end.
__global__ void diffuse(float* states, int steps, float* first) {
  __shared__ float own[8];
  const cg::grid_group grid = cg::this_grid();
  const auto i = static_cast<unsigned>(grid.thread_rank()), count = static_cast<unsigned>(grid.size());
  own[threadIdx.x] = states[i];
  for (int step = 0; step < steps; ++step) {
    const float *from = states + step % 2 * count, left = from[(i + count - 1) % count], right = from[(i + 1) % count];
    states[(step + 1) % 2 * count + i] = 0.5F * from[i] + 0.25F * (left + right);
    grid.sync();
  }
  first[i] = own[threadIdx.x];
}

TEST(CooperativeGrid, EachStepSeesTheWholeStepBefore) {
  constexpr int count = 5 * 8, steps = 9;
  std::vector<float> start(2 * count);
  for (int i = 0; i < count; ++i) start[i] = static_cast<float>(i * i % 17);
  std::vector<float> expected = start;
  for (int step = 0; step < steps; ++step)
    for (int i = 0; i < count; ++i) {
      const float* from = expected.data() + step % 2 * count;
      expected[(step + 1) % 2 * count + i] =
          0.5F * from[i] + 0.25F * (from[(i + count - 1) % count] + from[(i + 1) % count]);
    }
  for (const Turns turns : {Turns::ascending, Turns::descending}) {
    const WithTurns scope(turns);
    std::vector<float> states = start, first(count);
    launch_cooperative({.grid = 5, .block = 8}, diffuse, states.data(), steps, first.data());
    EXPECT_EQ(states, expected);
    EXPECT_EQ(first, std::vector<float>(start.begin(), start.begin() + count));
  }
}

struct GridFacts {
  unsigned long long rank, threads, block, blocks;
  bool valid;
};

__global__ void ask_grid(GridFacts* facts) {
  const cg::grid_group grid = cg::this_grid();
  facts[grid.thread_rank()] = {grid.thread_rank(), grid.num_threads(), grid.block_rank(), grid.num_blocks(),
                               grid.is_valid()};
}

TEST(CooperativeGrid, CountsItsBlocksAlongX) {
  std::vector<GridFacts> facts(24 * 6);
  launch_cooperative({.grid = {3, 2, 4}, .block = {3, 2}}, ask_grid, facts.data());
  for (size_t i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(facts[i].rank, i);
    EXPECT_EQ(facts[i].threads, 24U * 6);
    EXPECT_EQ(facts[i].block, i / 6);
    EXPECT_EQ(facts[i].blocks, 24U);
    EXPECT_TRUE(facts[i].valid);
  }
  launch({.grid = 24, .block = 6}, ask_grid, facts.data());
  EXPECT_FALSE(facts[0].valid);
}

// Without the barrier, what a block reads depends on whose turn came first.
__global__ void read_neighbour(int* written, int* read, int with_barrier) {
  written[blockIdx.x] = 1;
  if (with_barrier) cg::this_grid().sync();
  read[blockIdx.x] = written[(blockIdx.x + 1) % gridDim.x];
}

TEST(PlantedBug, MissingGridBarrierShowsInTheOrderOfTurns) {
  const auto run = [](Turns turns, int with_barrier) {
    const WithTurns scope(turns);
    std::vector<int> written(4), read(4);
    launch_cooperative({.grid = 4, .block = 1}, read_neighbour, written.data(), read.data(), with_barrier);
    return read;
  };
  EXPECT_EQ(run(Turns::ascending, 0), (std::vector<int>{0, 0, 0, 1}));
  EXPECT_EQ(run(Turns::descending, 0), (std::vector<int>{1, 1, 1, 0}));
  for (const Turns turns : {Turns::ascending, Turns::descending}) EXPECT_EQ(run(turns, 1), std::vector<int>(4, 1));
}

constexpr int some_blocks_line = __LINE__ + 2;
__global__ void barrier_for_some_blocks(unsigned some) {
  if (blockIdx.x < some) cg::this_grid().sync();
}

TEST(PlantedBug, GridBarrierThatSomeBlocksDoNotReach) {
  const std::string text = message([] { launch_cooperative({.grid = 5, .block = 32}, barrier_for_some_blocks, 3); });
  EXPECT_SAYS(text, "3 wait for this_grid().sync() at");
  EXPECT_SAYS(text, place(some_blocks_line));
  EXPECT_SAYS(text, "2 have ended");
  launch_cooperative({.grid = 5, .block = 32}, barrier_for_some_blocks, 5);
  launch_cooperative({.grid = 5, .block = 32}, barrier_for_some_blocks, 0);
}

constexpr int two_places_line = __LINE__ + 3;
__global__ void barriers_at_two_places(unsigned some) {
  if (blockIdx.x < some)
    cg::this_grid().sync();
  else
    cg::this_grid().sync();
}

TEST(PlantedBug, GridBarriersAtTwoPlaces) {
  const std::string text = message([] { launch_cooperative({.grid = 5, .block = 32}, barriers_at_two_places, 3); });
  EXPECT_SAYS(text, "3 wait for");
  EXPECT_SAYS(text, place(two_places_line));
  EXPECT_SAYS(text, "2 wait for");
  EXPECT_SAYS(text, place(two_places_line + 2));
  launch_cooperative({.grid = 5, .block = 32}, barriers_at_two_places, 5);
}

__global__ void barrier_for_some_threads(unsigned some) {
  if (threadIdx.x < some) cg::this_grid().sync();
}

TEST(PlantedBug, GridBarrierThatSomeThreadsDoNotReach) {
  const std::string text = message([] { launch_cooperative({.grid = 3, .block = 32}, barrier_for_some_threads, 20); });
  EXPECT_SAYS(text, "20 wait for this_grid().sync()");
  EXPECT_SAYS(text, "12 have ended");
  launch_cooperative({.grid = 3, .block = 32}, barrier_for_some_threads, 32);
}

TEST(PlantedBug, GridBarrierWithoutACooperativeLaunch) {
  EXPECT_SAYS(message([] { launch({.grid = 3, .block = 32}, barrier_for_some_blocks, 3); }), "launch_cooperative");
}

TEST(CooperativeGrid, RefusesWhatDoesNotFitAtOnce) {
  const auto expect_refused = [](unsigned blocks, unsigned threads) {
    const std::string text =
        message([&] { launch_cooperative({.grid = blocks, .block = threads}, barrier_for_some_blocks, blocks); });
    EXPECT_SAYS(text, "a cooperative grid of " + std::to_string(blocks) + " blocks");
  };
  expect_refused(129, 1);
  expect_refused(17, 1024);
  launch_cooperative({.grid = 128, .block = 128}, barrier_for_some_blocks, 128);
  launch_cooperative({.grid = 16, .block = 1024}, barrier_for_some_blocks, 16);
}

}  // namespace
}  // namespace simt
