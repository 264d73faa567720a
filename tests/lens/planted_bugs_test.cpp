// Kernels with a planted bug, each access of which must be counted, and their correct twins, of which nothing is said.

#include <vector>

#include "kernels/base/device_api.h"
#include "tests/lens/watched.h"

namespace simt {
namespace {

using Kind = Finding::Kind;

// What `launch` does with `memory`.
template <class T, class Launch>
LaunchReport watch(std::vector<T>& memory, Launch launch) {
  Recorder recorder;
  recorder.memory("memory", memory.data(), memory.size() * sizeof(T));
  launch();
  return recorder.launches().at(0);
}

constexpr int neighbour_line = __LINE__ + 3;
__global__ void read_neighbour(int* of, int with_barrier) {
  int* shared = dynamic_shared<int>();
  shared[threadIdx.x] = 1;
  if (with_barrier) __syncthreads();
  of[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
}

TEST(PlantedBug, MissingBarrier) {
  std::vector<int> of(64);
  const auto run = [&](int with_barrier) {
    return watch(of, [&] {
      launch({.grid = 2, .block = 64, .shared_bytes = 256}, read_neighbour, of.data() + 0, with_barrier);
    });
  };
  const LaunchReport bug = run(0);
  // In each block, threads run in order: 63 read what is not there yet and which another then writes, the last reads
  // what the first has written.
  EXPECT_EQ(count(bug, Kind::uninitialised, neighbour_line + 2), 2 * 63);
  EXPECT_EQ(count(bug, Kind::race, neighbour_line), 2 * 63);
  EXPECT_EQ(count(run(1), Kind::race, neighbour_line), 0);
}

TEST(PlantedBug, BlocksWriteTheSamePlace) {
  std::vector<int> of(64);
  const auto run = [&](unsigned blocks) {
    return watch(of, [&] { launch({.grid = blocks, .block = 64, .shared_bytes = 256}, read_neighbour, of.data(), 1); });
  };
  EXPECT_EQ(count(run(3), Kind::race, neighbour_line + 2), 2 * 64);
  EXPECT_TRUE(run(1).findings.empty());
}

constexpr int warp_line = __LINE__ + 4;
__global__ void read_lane(int* of, int with_barrier) {
  __shared__ int shared[32];
  const int lane = static_cast<int>(threadIdx.x);
  shared[lane] = lane;
  if (with_barrier) __syncwarp();
  of[lane] = shared[31 - lane];
}

TEST(PlantedBug, MissingBarrierOfAWarp) {
  std::vector<int> of(32);
  const auto run = [&](int with_barrier) {
    return watch(of, [&] { launch({.grid = 1, .block = 32}, read_lane, of.data(), with_barrier); });
  };
  const LaunchReport bug = run(0);
  EXPECT_EQ(count(bug, Kind::race, warp_line), 16);
  EXPECT_EQ(count(bug, Kind::race, warp_line + 2), 16);
  EXPECT_EQ(count(bug, Kind::uninitialised, warp_line + 2), 16);
  EXPECT_TRUE(run(1).findings.empty());
}

constexpr int shift_line = __LINE__ + 2;
__global__ void shift(float* x, int by) {
  const float right = x[threadIdx.x + by];
  __syncthreads();
  x[threadIdx.x] = right;
}

TEST(PlantedBug, OffByOneInGlobalMemory) {
  std::vector<float> x(65);
  Recorder recorder;
  recorder.memory("x", x.data(), 64 * sizeof(float));
  launch({.grid = 1, .block = 64}, shift, x.data(), 1);
  const LaunchReport& bug = recorder.launches()[0];
  EXPECT_EQ(count(bug, Kind::out_of_bounds, shift_line), 1);
  EXPECT_EQ(bug.findings.size(), 1U);
  EXPECT_NE(bug.findings.at(0).example.find("thread (63, 0, 0), byte 256 of x (256 bytes)"), std::string::npos)
      << bug.findings.at(0).example;
  launch({.grid = 1, .block = 64}, shift, x.data(), 0);
  EXPECT_TRUE(recorder.launches()[1].findings.empty());
}

constexpr int clear_line = __LINE__ + 3;
__global__ void clear(int count) {
  float* shared = dynamic_shared<float>();
  for (int i = static_cast<int>(threadIdx.x); i <= count; i += 32) shared[i] = 0;
}

TEST(PlantedBug, OffByOneInSharedMemory) {
  Recorder recorder;
  for (const int count : {100, 99}) launch({.grid = 1, .block = 32, .shared_bytes = 400}, clear, count);
  EXPECT_EQ(count(recorder.launches()[0], Kind::out_of_bounds, clear_line), 1);
  EXPECT_TRUE(recorder.launches()[1].findings.empty());
}

constexpr int racy_line = __LINE__ + 4, atomic_line = __LINE__ + 6;
__global__ void sum(const float* x, float* result, int atomic) {
  const float mine = x[threadIdx.x];
  if (!atomic)
    *result += mine;
  else
    atomicAdd(result, mine);
}

TEST(PlantedBug, RacyReduction) {
  std::vector<float> x(65, 1.0F);
  const auto run = [&](int atomic) {
    return watch(x, [&] { launch({.grid = 1, .block = 64}, sum, x.data() + 1, x.data(), atomic); });
  };
  EXPECT_EQ(count(run(0), Kind::race, racy_line), 2 * 63);  // each but the first reads and writes
  const LaunchReport twin = run(1);
  EXPECT_TRUE(twin.findings.empty());
  EXPECT_EQ(traffic(twin, atomic_line, Space::global, Access::atomic).lanes, 64);
}

constexpr int early_line = __LINE__ + 6;
__global__ void copy(const float* from, float* to, int pending) {
  float* shared = dynamic_shared<float>();
  __pipeline_memcpy_async(&shared[threadIdx.x], &from[threadIdx.x], 4);
  __pipeline_commit();
  __pipeline_wait_prior(pending);
  to[threadIdx.x] = shared[threadIdx.x];
}

TEST(PlantedBug, ReadsACopyThatNobodyWaitedFor) {
  std::vector<float> memory(64);
  const auto run = [&](int pending) {
    return watch(memory, [&] {
      launch({.grid = 1, .block = 32, .shared_bytes = 128}, copy, memory.data(), memory.data() + 32, pending);
    });
  };
  EXPECT_EQ(count(run(1), Kind::uninitialised, early_line), 32);
  EXPECT_TRUE(run(0).findings.empty());
}

constexpr int add_line = __LINE__ + 1;
__global__ void add(const float* x, float* sum) { sum[threadIdx.x] += x[threadIdx.x]; }

// A result is added to before anybody has written it; what the host or a former kernel has written may be read.
TEST(PlantedBug, ReadsMemoryThatNobodyWrote) {
  Recorder recorder;
  convlens::DeviceApi& api = convlens::device_api(device);
  const convlens::TensorDesc desc{.shape = {1, 1, 1, 32}};
  const auto x = api.allocate(desc.bytes()), sum = api.allocate(desc.bytes());
  std::vector<float> ones(32, 1.0F);
  api.upload({desc, ones.data()}, {desc, x.get()});
  const auto run = [&] {
    launch({.grid = 1, .block = 32}, add, reinterpret_cast<const float*>(x.get()), reinterpret_cast<float*>(sum.get()));
    return recorder.launches().back();
  };
  const LaunchReport bug = run();
  EXPECT_EQ(count(bug, Kind::uninitialised, add_line), 32);
  EXPECT_EQ(bug.findings.size(), 1U);
  EXPECT_TRUE(run().findings.empty());
  const auto zeros = api.allocate(desc.bytes());
  api.zero({desc, zeros.get()});
  launch({.grid = 1, .block = 32}, add, reinterpret_cast<const float*>(x.get()), reinterpret_cast<float*>(zeros.get()));
  EXPECT_TRUE(recorder.launches().back().findings.empty());
}

constexpr int quad_line = __LINE__ + 4;
__global__ void read_quad(float* y, int first) {
  alignas(16) __shared__ float shared[6];
  for (float& value : shared) value = 1;
  const float4 quad = *reinterpret_cast<const float4*>(shared + first);
  y[0] = quad.x + quad.w;
}

TEST(PlantedBug, VectorThatRunsPastAnArrayOfSharedMemory) {
  std::vector<float> y(1);
  const auto run = [&](int first) {
    return watch(y, [&] { launch({.grid = 1, .block = 1}, read_quad, y.data(), first); });
  };
  EXPECT_EQ(count(run(4), Kind::out_of_bounds, quad_line), 1);
  EXPECT_TRUE(run(0).findings.empty());
}

__global__ void halves(uint16_t* of) { of[threadIdx.x] = 1; }

TEST(PlantedBug, NeighboursInOneWordAreNone) {
  std::vector<uint16_t> of(64);
  EXPECT_TRUE(watch(of, [&] { launch({.grid = 1, .block = 64}, halves, of.data()); }).findings.empty());
}

}  // namespace
}  // namespace simt
