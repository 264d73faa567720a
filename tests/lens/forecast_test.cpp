// The modelled table's numbers: the rules of occupancy, the report of nvcc's code, the roofline, and that a sample of
// blocks stands for all.

#include "benchmarks/kernel_bench/modelled/forecast.h"

#include <gtest/gtest.h>

#include <fstream>

#include "kernels/simt/emulator/sample.h"
#include "kernels/simt/simt.h"
#include "tests/base/temporary_folder.h"

namespace convlens::bench {
namespace {

// As cudaOccMaxActiveBlocksPerMultiprocessor of CUDA 13's cuda_occupancy.h has them.
TEST(Occupancy, FollowsCudasRules) {
  const auto expect = [](const BlockNeeds& block, int blocks, double share, const std::string& limit) {
    const Occupancy found = occupancy(block, h100_sxm);
    EXPECT_EQ(found.blocks, blocks) << limit;
    EXPECT_EQ(found.share, share) << limit;
    EXPECT_EQ(found.limit, limit);
  };
  expect({256, 91, 8704}, 2, 0.25, "registers");
  expect({256, 79, 4352}, 3, 0.375, "registers");
  expect({128, 32, 0}, 16, 1.0, "warps");
  expect({32, 32, 0}, 32, 0.5, "blocks");
  expect({1024, 64, 0}, 1, 0.5, "registers");
  expect({256, 32, 49152}, 4, 0.5, "shared memory");
}

constexpr const char* report_text = R"({"compiler": "nvcc 1.2", "kernels": [{
  "file": "op/cuda/a.cu", "kernel": "convlens::forward", "architectures": {
    "sm_80": {"registers": 1, "stack_bytes": 0, "local_bytes": 0, "shared_bytes": 0},
    "sm_90a": {"registers": 40, "stack_bytes": 8, "local_bytes": 4, "shared_bytes": 512, "matrix_types": ["TF32"],
      "main_loop": {"HMMA": 4, "LDS": 8, "integer": 36, "total": 48, "products": 128, "requests": 8}}}}]})";

class Compiled : public ::testing::Test {
 protected:
  Compiled() { std::ofstream(file()) << report_text; }
  std::string file() const { return folder_.path() / "cuda_kernels.json"; }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(Compiled, IsFoundByFileAndName) {
  const CompiledKernels kernels(file(), "sm_90a");
  EXPECT_EQ(kernels.compiler(), "nvcc 1.2");
  const CompiledKernel* kernel = kernels.find("anywhere/kernels/op/cuda/a.cu", "convlens::forward");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->registers, 40);
  EXPECT_EQ(kernel->static_shared_bytes, 512);
  EXPECT_EQ(kernel->stack_bytes, 8);
  EXPECT_EQ(kernel->local_bytes, 4);
  EXPECT_EQ(kernel->main_loop.total, 48);
  EXPECT_EQ(kernel->main_loop.of_kind, (std::map<std::string, int>{{"HMMA", 4}, {"LDS", 8}, {"integer", 36}}));
  EXPECT_EQ(kernels.find("anywhere/kernels/op/cuda/b.cu", "convlens::forward"), nullptr);
  EXPECT_EQ(kernels.find("anywhere/kernels/op/cuda/a.cu", "convlens::backward"), nullptr);
}

TEST_F(Compiled, IsNothingWithoutAReport) {
  const CompiledKernels kernels(file() + ".absent", "sm_90a");
  EXPECT_EQ(kernels.compiler(), "");
  EXPECT_EQ(kernels.find("kernels/op/cuda/a.cu", "convlens::forward"), nullptr);
}

constexpr Gpu simple_gpu{.multiprocessors = 4,
                         .dram_bytes = 100,
                         .l2_bytes = 1000,
                         .tf32_flops = 4096,
                         .f16_flops = 8192,
                         .shared_wavefronts = 10,
                         .warp_instructions = 20};

// 6 blocks on 4 multiprocessors: the fullest has 2 of them.
TEST_F(Compiled, DecidesWhatIsIssuedForARequest) {
  const LaunchWork work{
      .blocks = 6, .asked_bytes = 1280, .block_bytes = 500, .launch_bytes = 50, .requests = 30, .wavefronts = 5};
  const CompiledKernels kernels(file(), "sm_90a");
  const Limits limits = limits_of(work, kernels.find("kernels/op/cuda/a.cu", "convlens::forward"), simple_gpu);
  EXPECT_DOUBLE_EQ(limits.at("DRAM"), 50.0 / 100);
  EXPECT_DOUBLE_EQ(limits.at("L2"), 500.0 / 1000);
  EXPECT_DOUBLE_EQ(limits.at("shared memory"), (5 + 1280 / 128) * (2.0 / 6) / 10);
  EXPECT_DOUBLE_EQ(limits.at("issue"), 30 * (48 / 8) * (2.0 / 6) / 20);
  EXPECT_DOUBLE_EQ(limits.at("tensor cores"), 30 * (128 / 8) * 64 * (2.0 / 6) / (4096 / 4));
  EXPECT_EQ(binding(limits).first, "tensor cores");
}

TEST(Roofline, KnowsOnlyRequestsWithoutNvccsCode) {
  const Limits limits = limits_of({.blocks = 4, .requests = 80}, nullptr, simple_gpu);
  EXPECT_DOUBLE_EQ(limits.at("issue"), 1);
  EXPECT_EQ(limits.count("tensor cores"), 0U);
}

TEST(Roofline, LimitsAProblemByBytesOrFlops) {
  EXPECT_DOUBLE_EQ(least_seconds({.flops = 4096, .bytes = 50}, simple_gpu), 1);
  EXPECT_DOUBLE_EQ(least_seconds({.flops = 4096, .bytes = 200}, simple_gpu), 2);
}

VariantForecast register_tile(int64_t blocks, const std::string& text) {
  const ForecastOptions options{{Pass::forward, Device::simt, {"03_register_tile"}}, blocks};
  return forecast(problem_from_text("conv2d", text, {}), options, CompiledKernels("", ""), h100_sxm).variants.at(0);
}

// 16 blocks of 64 pixels each: one is as another.
TEST(Forecast, OfASampleIsThatOfAllBlocks) {
  const char* problem = "n1c16h32w32k64r1";
  const VariantForecast all = register_tile(16, problem), sample = register_tile(3, problem);
  const LaunchWork &a = all.launches.at(0).work, &s = sample.launches.at(0).work;
  EXPECT_EQ(a.blocks_run, 16);
  EXPECT_EQ(s.blocks_run, 3);
  EXPECT_EQ(s.blocks, 16);
  EXPECT_DOUBLE_EQ(s.asked_bytes, a.asked_bytes);
  EXPECT_DOUBLE_EQ(s.block_bytes, a.block_bytes);
  EXPECT_DOUBLE_EQ(s.launch_bytes, a.launch_bytes);
  EXPECT_DOUBLE_EQ(s.requests, a.requests);
  EXPECT_DOUBLE_EQ(s.wavefronts, a.wavefronts);
  EXPECT_DOUBLE_EQ(a.launch_bytes, 4 * (16 * 1024 + 16 * 64 + 64 + 64 * 1024));
}

TEST(Forecast, ChecksResultsOnlyWhereEveryBlockWasRun) {
  const char* problem = "n1c4h16w16k8r3p1";
  const VariantForecast all = register_tile(4, problem), sample = register_tile(3, problem);
  ASSERT_TRUE(all.error.has_value());
  EXPECT_LE(*all.error, 2e-6);
  EXPECT_FALSE(all.wrong);
  EXPECT_TRUE(all.preferred);
  EXPECT_FALSE(sample.error.has_value());
  EXPECT_TRUE(all.launches.at(0).file.ends_with("conv2d/cuda/03_register_tile.cu")) << all.launches.at(0).file;
}

__global__ void mark(int* blocks) { blocks[blockIdx.x] = 1; }

TEST(Sample, IsSpreadFromTheFirstBlockToTheLast) {
  std::vector<int> run(10);
  {
    const simt::WithSample sample(3);
    simt::launch({.grid = 10, .block = 1}, mark, run.data());
  }
  EXPECT_EQ(run, (std::vector<int>{1, 0, 0, 0, 1, 0, 0, 0, 0, 1}));
  simt::launch({.grid = 10, .block = 1}, mark, run.data());
  EXPECT_EQ(run, std::vector<int>(10, 1));
}

}  // namespace
}  // namespace convlens::bench
