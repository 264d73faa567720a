// Kernels with a planted bug, which must be named with its place, and their correct twins, which must pass.

#include <gtest/gtest.h>

#include "kernels/simt/simt.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

constexpr unsigned all = 0xffffffffU;

std::string place(int line) { return "bugs_test.cpp:" + std::to_string(line); }

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr int divergent_line = __LINE__ + 2;
__global__ void barrier_for_some(int some) {
  if (static_cast<int>(threadIdx.x) < some) __syncthreads();
}

TEST(PlantedBug, BarrierThatSomeThreadsDoNotReach) {
  const std::string text = message([] { launch({.grid = 1, .block = 64}, barrier_for_some, 40); });
  EXPECT_SAYS(text, "40 wait for __syncthreads() at");
  EXPECT_SAYS(text, place(divergent_line));
  EXPECT_SAYS(text, "24 have ended");
  launch({.grid = 1, .block = 64}, barrier_for_some, 64);
  launch({.grid = 1, .block = 64}, barrier_for_some, 0);
}

constexpr int two_barriers_line = __LINE__ + 3;
__global__ void two_barriers(int some) {
  if (static_cast<int>(threadIdx.x) < some)
    __syncthreads();
  else
    __syncthreads();
}

TEST(PlantedBug, BarriersAtTwoPlaces) {
  const std::string text = message([] { launch({.grid = 1, .block = 64}, two_barriers, 32); });
  EXPECT_SAYS(text, "not the same for all threads");
  EXPECT_SAYS(text, place(two_barriers_line));
  EXPECT_SAYS(text, place(two_barriers_line + 2));
  launch({.grid = 1, .block = 64}, two_barriers, 64);
}

constexpr int missing_lane_line = __LINE__ + 2;
__global__ void missing_lane(int missing) {
  if (static_cast<int>(threadIdx.x) != missing) __shfl_xor_sync(all, 1, 1);
  __syncthreads();
}

TEST(PlantedBug, ShuffleWithoutALaneOfItsMask) {
  const std::string text = message([] { launch({.grid = 1, .block = 32}, missing_lane, 7); });
  EXPECT_SAYS(text, "31 wait for __shfl_xor_sync() at");
  EXPECT_SAYS(text, place(missing_lane_line));
  EXPECT_SAYS(text, "1 wait for __syncthreads() at");
  EXPECT_SAYS(text, "(the first is thread 7)");
  launch({.grid = 1, .block = 32}, missing_lane, -1);
}

__global__ void foreign_lane(unsigned mask) { __ballot_sync(mask, 1); }

TEST(PlantedBug, LaneThatItsMaskDoesNotName) {
  EXPECT_SAYS(message([] { launch({.grid = 1, .block = 32}, foreign_lane, 0x7fffffffU); }), "does not name");
  launch({.grid = 1, .block = 31}, foreign_lane, 0x7fffffffU);
}

__global__ void absent_source(int* of) { of[threadIdx.x] = __shfl_down_sync(all, 1, 1); }

TEST(PlantedBug, ShuffleFromALaneThatIsNotThere) {
  std::vector<int> of(32);
  EXPECT_SAYS(message([&] { launch({.grid = 1, .block = 20}, absent_source, of.data()); }), "reads lane 20");
  launch({.grid = 1, .block = 32}, absent_source, of.data());
}

// Without the barrier, what a thread reads depends on whose turn came first.
__global__ void read_neighbour(int* of, int with_barrier) {
  int* memory = dynamic_shared<int>();
  memory[threadIdx.x] = static_cast<int>(threadIdx.x);
  if (with_barrier) __syncthreads();
  of[threadIdx.x] = memory[(threadIdx.x + 1) % blockDim.x];
}

TEST(PlantedBug, MissingBarrierShowsInTheOrderOfTurns) {
  const auto run = [](Turns turns, int with_barrier) {
    const WithTurns scope(turns);
    std::vector<int> of(64);
    launch({.grid = 1, .block = 64, .shared_bytes = 256}, read_neighbour, of.data(), with_barrier);
    return of;
  };
  EXPECT_EQ(run(Turns::ascending, 1), run(Turns::descending, 1));
  EXPECT_NE(run(Turns::ascending, 0), run(Turns::descending, 0));
}

// After an error the next launch finds everything in order.
TEST(PlantedBug, LeavesNothingBehind) {
  for (int i = 0; i < 3; ++i) {
    message([] { launch({.grid = 50, .block = 64}, barrier_for_some, 1); });
    std::vector<int> of(32);
    launch({.grid = 1, .block = 32}, absent_source, of.data());
    EXPECT_EQ(of, std::vector<int>(32, 1));
  }
}

}  // namespace
}  // namespace simt
