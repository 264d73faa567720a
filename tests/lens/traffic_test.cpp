// How memory serves the requests of a warp, against what the CUDA C++ Best Practices Guide says of the same patterns
// ("Coalesced Access to Global Memory", "Shared Memory and Memory Banks").

#include <vector>

#include "tests/lens/watched.h"

namespace simt {
namespace {

constexpr int stride_line = __LINE__ + 2;
__global__ void strided(const float* x, float* y, int stride, int offset) {
  y[threadIdx.x] = x[offset + static_cast<int>(threadIdx.x) * stride];
}

class Traffic32 : public ::testing::Test {
 protected:
  LaunchReport run(int stride, int offset) {
    Recorder recorder;
    recorder.memory("memory", memory_, sizeof memory_);
    launch({.grid = 1, .block = 64}, strided, memory_ + 64, memory_ + 0, stride, offset);
    return recorder.launches().at(0);
  }
  alignas(128) float memory_[64 + 33 * 64]{};
};

TEST_F(Traffic32, SectorsOfStrides) {
  const auto loads = [&](int stride, int offset) {
    return traffic(run(stride, offset), stride_line, Space::global, Access::read);
  };
  const auto expect = [&](const Traffic& t, int64_t sectors, int64_t fewest) {
    EXPECT_EQ(t.requests, 2);
    EXPECT_EQ(t.lanes, 64);
    EXPECT_EQ(t.bytes, 256);
    EXPECT_EQ(t.transactions, sectors);
    EXPECT_EQ(t.fewest_transactions, fewest);
  };
  expect(loads(1, 0), 2 * 4, 2 * 4);
  expect(loads(1, 1), 2 * 5, 2 * 4);  // not aligned
  expect(loads(2, 0), 2 * 8, 2 * 4);
  expect(loads(33, 0), 2 * 32, 2 * 4);
  expect(loads(0, 0), 2, 2);  // one address for all
}

TEST_F(Traffic32, VolumeCountsSectorsOnceABlockAndALaunch) {
  const Volume loads = run(0, 0).loads;
  EXPECT_EQ(loads.moved, 64);
  EXPECT_EQ(loads.fewest_of_blocks, 32);
  const LaunchReport strided = run(2, 0);
  EXPECT_EQ(strided.loads.moved, 512);
  EXPECT_EQ(strided.loads.fewest, 512);
  EXPECT_EQ(strided.stores.moved, 256);
}

constexpr int bank_line = __LINE__ + 3;
__global__ void banks(float* y, int pitch) {
  float* shared = dynamic_shared<float>();
  shared[static_cast<int>(threadIdx.x) * pitch] = 1;
  __syncthreads();
  y[threadIdx.x] = shared[threadIdx.x * pitch];
}

TEST_F(Traffic32, WaysOfBankConflicts) {
  const auto stores = [&](int pitch) {
    Recorder recorder;
    recorder.memory("y", memory_, sizeof memory_);
    launch({.grid = 1, .block = 32, .shared_bytes = 33 * 32 * 4}, banks, memory_ + 0, pitch);
    return traffic(recorder.launches().at(0), bank_line, Space::shared, Access::write);
  };
  EXPECT_EQ(stores(32).ways, 32);
  EXPECT_EQ(stores(32).transactions, 32);
  EXPECT_EQ(stores(32).fewest_transactions, 1);
  EXPECT_EQ(stores(2).ways, 2);
  EXPECT_EQ(stores(33).ways, 1);
  EXPECT_EQ(stores(1).transactions, 1);
}

constexpr int vector_line = __LINE__ + 3;
__global__ void vectors(const float4* x, float4* y) {
  float4* shared = dynamic_shared<float4>();
  const float4 value = x[threadIdx.x];
  shared[threadIdx.x] = value;
  __syncthreads();
  y[threadIdx.x] = shared[threadIdx.x];
}

TEST_F(Traffic32, VectorsAreOneAccess) {
  Recorder recorder;
  recorder.memory("memory", memory_, sizeof memory_);
  auto* x = reinterpret_cast<float4*>(memory_);
  launch({.grid = 1, .block = 32, .shared_bytes = 512}, vectors, x, x + 32);
  const LaunchReport& report = recorder.launches().at(0);
  const Traffic global = traffic(report, vector_line, Space::global, Access::read);
  EXPECT_EQ(global.requests, 1);
  EXPECT_EQ(global.transactions, 16);
  const Traffic shared = traffic(report, vector_line + 1, Space::shared, Access::write);
  EXPECT_EQ(shared.requests, 1);
  EXPECT_EQ(shared.transactions, 4);
  EXPECT_EQ(shared.ways, 1);
}

// Lanes of a warp that branch go one way after the other; warps that branch as a whole lose nothing.
constexpr int even_line = __LINE__ + 3, odd_line = even_line + 2;
__global__ void branch(float* x, unsigned lanes_together) {
  if (threadIdx.x / lanes_together % 2 == 0)
    x[threadIdx.x] = 1;
  else
    x[threadIdx.x] = 2;
}

TEST_F(Traffic32, LanesThatBranchGoOneWayAfterTheOther) {
  const auto expect = [&](unsigned lanes_together, int64_t requests) {
    Recorder recorder;
    recorder.memory("memory", memory_, sizeof memory_);
    launch({.grid = 1, .block = 64}, branch, memory_ + 0, lanes_together);
    for (const int line : {even_line, odd_line}) {
      const Traffic t = traffic(recorder.launches().at(0), line, Space::global, Access::write);
      EXPECT_EQ(t.requests, requests);
      EXPECT_EQ(t.lanes, 32);
    }
  };
  expect(1, 2);   // half of the lanes of both warps
  expect(8, 2);   // so too
  expect(32, 1);  // all lanes of one warp
}

// Lane i makes i rounds and leaves out every round that its number divides: lanes meet again in the next round.
constexpr int round_line = __LINE__ + 5;
__global__ void rounds(float* x) {
  float sum = 0;
  for (int i = 1; i <= 32; ++i) {
    if (i % (static_cast<int>(threadIdx.x) + 1) == 0) continue;
    sum += x[i];
  }
  x[33 + threadIdx.x] = sum;
}

TEST_F(Traffic32, LanesThatSkipARoundMeetAgainInTheNext) {
  Recorder recorder;
  recorder.memory("memory", memory_, sizeof memory_);
  launch({.grid = 1, .block = 32}, rounds, memory_ + 0);
  int64_t lanes = 0;
  for (int i = 1; i <= 32; ++i)
    for (int lane = 1; lane <= 32; ++lane) lanes += i % lane != 0;
  const Traffic t = traffic(recorder.launches().at(0), round_line, Space::global, Access::read);
  EXPECT_EQ(t.lanes, lanes);
  EXPECT_EQ(t.requests, 32);      // in every round some take part
  EXPECT_EQ(t.transactions, 32);  // one address for all lanes of a round
}

}  // namespace
}  // namespace simt
