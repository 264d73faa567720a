// Asynchronous copies take place when they are waited for, group by group.

#include <gtest/gtest.h>

#include "kernels/simt/simt.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

__global__ void two_groups(const float* from, float* seen) {
  float* memory = dynamic_shared<float>();
  memory[0] = memory[1] = -1;
  __pipeline_memcpy_async(memory, from, 4);
  __pipeline_commit();
  __pipeline_memcpy_async(memory + 1, from + 1, 4);
  __pipeline_commit();
  seen[0] = memory[0];
  __pipeline_wait_prior(1);
  seen[1] = memory[0], seen[2] = memory[1];
  __pipeline_wait_prior(0);
  seen[3] = memory[1];
}

TEST(AsyncCopy, ArrivesWhenItIsWaitedFor) {
  const float from[2] = {5, 7};
  float seen[4];
  launch({.grid = 1, .block = 1, .shared_bytes = 8}, two_groups, +from, +seen);
  EXPECT_EQ(seen[0], -1);
  EXPECT_EQ(seen[1], 5);
  EXPECT_EQ(seen[2], -1);
  EXPECT_EQ(seen[3], 7);
}

__global__ void filled(const float4* from, float4* seen, unsigned zeros) {
  float4* memory = dynamic_shared<float4>();
  __pipeline_memcpy_async(memory, from, 16, zeros);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  *seen = *memory;
}

TEST(AsyncCopy, FillsWithZeros) {
  const float4 from{1, 2, 3, 4};
  float4 seen;
  launch({.grid = 1, .block = 1, .shared_bytes = 16}, filled, &from, &seen, 8);
  EXPECT_EQ(seen.y, 2);
  EXPECT_EQ(seen.z, 0);
  launch({.grid = 1, .block = 1, .shared_bytes = 16}, filled, static_cast<const float4*>(nullptr), &seen, 16);
  EXPECT_EQ(seen.x, 0);
}

__global__ void misaligned(const float* from) { __pipeline_memcpy_async(dynamic_shared<float>(), from + 1, 16); }
__global__ void odd_size(const float* from) { __pipeline_memcpy_async(dynamic_shared<float>(), from, 12); }

TEST(AsyncCopy, RefusesWhatTheHardwareDoes) {
  alignas(16) const float from[8] = {};
  EXPECT_NE(message([&] { launch({.grid = 1, .block = 1, .shared_bytes = 16}, misaligned, +from); }).find("aligned"),
            std::string::npos);
  EXPECT_NE(message([&] { launch({.grid = 1, .block = 1, .shared_bytes = 16}, odd_size, +from); }).find("4, 8 or 16"),
            std::string::npos);
}

}  // namespace
}  // namespace simt
