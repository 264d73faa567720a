// Shuffles, votes and reductions, lane by lane, against the definitions of the CUDA C++ Programming Guide.

#include <gtest/gtest.h>

#include "kernels/simt/simt.h"

namespace simt {
namespace {

constexpr unsigned all = 0xffffffffU;

__global__ void shuffles(int* of, int width) {
  const int lane = threadIdx.x;
  of[lane] = __shfl_sync(all, lane, 5, width);
  of[32 + lane] = __shfl_up_sync(all, lane, 3, width);
  of[64 + lane] = __shfl_down_sync(all, lane, 3, width);
  of[96 + lane] = __shfl_xor_sync(all, lane, 6, width);
}

class Shuffle : public ::testing::TestWithParam<int> {};

TEST_P(Shuffle, ReadsTheLaneThatTheGuideNames) {
  const int width = GetParam();
  std::vector<int> of(128);
  launch({.grid = 1, .block = 32}, shuffles, of.data(), width);
  for (int lane = 0; lane < 32; ++lane) {
    const int segment = lane / width * width, within = lane % width;
    EXPECT_EQ(of[lane], segment + 5 % width);
    EXPECT_EQ(of[32 + lane], within < 3 ? lane : lane - 3);
    EXPECT_EQ(of[64 + lane], within + 3 >= width ? lane : lane + 3);
    const int other = lane ^ 6;
    EXPECT_EQ(of[96 + lane], other / width > lane / width ? lane : other);
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Shuffle, ::testing::Values(2, 4, 8, 16, 32));

__global__ void votes(unsigned* of) {
  const int lane = threadIdx.x;
  of[lane * 4] = __ballot_sync(all, lane % 5 == 0);
  of[lane * 4 + 1] = static_cast<unsigned>(__any_sync(all, lane == 31) * 2 + __any_sync(all, 0));
  of[lane * 4 + 2] = static_cast<unsigned>(__all_sync(all, lane < 32) * 2 + __all_sync(all, lane < 31));
  of[lane * 4 + 3] = __reduce_add_sync(all, static_cast<unsigned>(lane));
}

TEST(Vote, GathersAllLanes) {
  std::vector<unsigned> of(128);
  launch({.grid = 1, .block = 32}, votes, of.data());
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(of[lane * 4], 0b01000010000100001000010000100001U);
    EXPECT_EQ(of[lane * 4 + 1], 2U);
    EXPECT_EQ(of[lane * 4 + 2], 2U);
    EXPECT_EQ(of[lane * 4 + 3], 496U);
  }
}

// Halves of a warp that go separate ways and meet again, while other warps do the same.
__global__ void halves(double* of) {
  const int lane = threadIdx.x % 32;
  double value = threadIdx.x;
  if (lane < 16)
    for (int distance = 8; distance > 0; distance /= 2) value += __shfl_xor_sync(0x0000ffffU, value, distance);
  else
    for (int distance = 8; distance > 0; distance /= 2)
      value = fmax(value, __shfl_xor_sync(0xffff0000U, value, distance));
  __syncwarp();
  of[threadIdx.x] = value + __shfl_xor_sync(all, value, 16);
}

TEST(Warp, HalvesGoSeparateWays) {
  std::vector<double> of(96);
  launch({.grid = 1, .block = 96}, halves, of.data());
  for (int i = 0; i < 96; ++i) {
    const int first = i / 32 * 32;
    EXPECT_EQ(of[i], first * 16 + 120 + first + 31) << i;
  }
}

// Lanes that have ended are excused.
__global__ void some_leave(unsigned* of) {
  if (threadIdx.x >= 20) return;
  of[threadIdx.x] = __ballot_sync(all, 1);
}

TEST(Warp, DoesNotWaitForLanesThatHaveEnded) {
  std::vector<unsigned> of(20);
  launch({.grid = 1, .block = 32}, some_leave, of.data());
  EXPECT_EQ(of, std::vector<unsigned>(20, 0xfffffU));
  launch({.grid = 1, .block = 20}, some_leave, of.data());
  EXPECT_EQ(of, std::vector<unsigned>(20, 0xfffffU));
}

}  // namespace
}  // namespace simt
