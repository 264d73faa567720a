// What the fast kernels promise of their traffic, on sizes at which no edge is in the way: requests take the fewest
// sectors, no bank conflict is above two ways, and no block loads a sector much more often than once.

#include <gtest/gtest.h>

#include <algorithm>

#include "benchmarks/kernel_bench/bench_problem.h"
#include "kernels/simt/lens/recorder.h"

namespace convlens::bench {
namespace {

simt::LaunchReport main_launch(const std::string& op, const std::string& name, Pass pass, const std::string& text) {
  const BenchProblem origin = problem_from_text(op, text, {});
  const auto list = variants(op, pass, Device::simt);
  const Variant& variant = **std::ranges::find_if(list, [&](const Variant* v) { return v->name == name; });
  simt::Recorder recorder;
  KernelTrial trial(origin.op(), variant, origin.problem(DataType::f32, Layout::nchw), random_values(origin));
  const size_t before = recorder.launches().size();
  trial.run();
  return recorder.launches().at(before);
}

void expect_no_bank_conflict(const simt::LaunchReport& report) {
  for (const simt::LineTraffic& line : report.lines)
    EXPECT_LE(line.traffic.ways, 2) << line.where.file << ":" << line.where.line;
}

void expect_full_sectors(const simt::LaunchReport& report, simt::Access access) {
  for (const simt::LineTraffic& line : report.lines)
    if (line.space == simt::Space::global && line.access == access) {
      EXPECT_EQ(line.traffic.transactions, line.traffic.fewest_transactions)
          << line.where.file << ":" << line.where.line;
    }
}

double times(const simt::Volume& volume) {
  return static_cast<double>(volume.moved) / static_cast<double>(volume.fewest_of_blocks);
}

struct Rung {
  std::string name;
  Pass pass;
  std::string problem = "n1c64h16w16k64r3s3p1";
};

std::string name_of(const ::testing::TestParamInfo<Rung>& info) {
  return "rung_" + info.param.name + "_" + to_string(info.param.pass);
}

class Conv2dRung : public ::testing::TestWithParam<Rung> {};

TEST_P(Conv2dRung, StoresFullSectorsWithoutBankConflicts) {
  const auto& [name, pass, problem] = GetParam();
  const simt::LaunchReport report = main_launch("conv2d", name, pass, problem);
  expect_no_bank_conflict(report);
  expect_full_sectors(report, simt::Access::write);
  EXPECT_EQ(times(report.stores), 1.0);
}

// Those whose tiles allow to load each sector once a block.
const std::vector<Rung> load_seldom{
    {"12_pointwise", Pass::forward, "n1c64h16w16k64r1"},
    {"12_pointwise", Pass::backward_data, "n1c64h16w16k64r1"},
    {"14_image_gradient", Pass::backward_data, "n1c3h64w64k64r3p1"},
    {"15_halo_tile", Pass::forward, "n1c16h32w32k32r3s3p1"},
    {"15_halo_tile", Pass::backward_data, "n1c32h32w32k16r3s3p1"},
    {"16_halo_f16", Pass::forward},
    {"16_halo_f16", Pass::backward_data},
    {"17_halo_bf16", Pass::forward},
    {"17_halo_bf16", Pass::backward_data},
};

std::vector<Rung> fast_rungs() {
  std::vector<Rung> list = load_seldom;
  list.push_back({"13_first_layer", Pass::forward, "n1c3h64w64k64r3p1"});
  for (const char* name : {"03_register_tile", "04_async_copy", "06_tensor_core_tf32", "07_tensor_core_f16",
                           "08_tensor_core_bf16", "09_split_k"})
    for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) list.push_back({name, pass});
  return list;
}

INSTANTIATE_TEST_SUITE_P(All, Conv2dRung, ::testing::ValuesIn(fast_rungs()), name_of);

class LoadsSeldom : public ::testing::TestWithParam<Rung> {};

TEST_P(LoadsSeldom, HardlyMoreThanEachSectorOnceABlock) {
  const auto& [name, pass, problem] = GetParam();
  EXPECT_LE(times(main_launch("conv2d", name, pass, problem).loads), 1.3);
}

INSTANTIATE_TEST_SUITE_P(All, LoadsSeldom, ::testing::ValuesIn(load_seldom), name_of);

class Gram : public ::testing::TestWithParam<std::string> {};

TEST_P(Gram, ReadsEachSectorOnceABlockAndWritesFullOnes) {
  const simt::LaunchReport report = main_launch("gram", GetParam(), Pass::forward, R"({"inputs": [[1, 128, 16, 16]]})");
  expect_no_bank_conflict(report);
  expect_full_sectors(report, simt::Access::read);
  expect_full_sectors(report, simt::Access::write);
  EXPECT_EQ(times(report.loads), 1.0);
  EXPECT_EQ(times(report.stores), 1.0);
}

INSTANTIATE_TEST_SUITE_P(All, Gram, ::testing::Values("triangle", "tensor_core_f16"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace convlens::bench
