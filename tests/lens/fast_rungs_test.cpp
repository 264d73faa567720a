// What the fast kernels promise of their traffic, on sizes at which no edge is in the way: requests take the fewest
// sectors, no bank conflict is above two ways, and no block loads a sector much more often than once.

#include <gtest/gtest.h>

#include <algorithm>

#include "benchmarks/kernel_bench/contestant.h"
#include "kernels/simt/lens/recorder.h"

namespace convlens::bench {
namespace {

simt::LaunchReport main_launch(const std::string& op, const std::string& name, Pass pass, const std::string& text) {
  const BenchProblem origin = problem_from_text(op, text, {});
  const auto list = variants(op, pass, Device::simt);
  const Variant& variant = **std::ranges::find_if(list, [&](const Variant* v) { return v->name == name; });
  simt::Recorder recorder;
  Contestant contestant(variant, origin, origin.problem(DataType::f32, Layout::nchw), random_values(origin));
  const size_t before = recorder.launches().size();
  contestant.run();
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

class Conv2dRung : public ::testing::TestWithParam<std::tuple<std::string, Pass>> {};

TEST_P(Conv2dRung, StoresFullSectorsWithoutBankConflicts) {
  const auto& [name, pass] = GetParam();
  const simt::LaunchReport report = main_launch("conv2d", name, pass, "n1c64h16w16k64r3s3p1");
  expect_no_bank_conflict(report);
  expect_full_sectors(report, simt::Access::write);
  EXPECT_EQ(times(report.stores), 1.0);
}

INSTANTIATE_TEST_SUITE_P(
    All, Conv2dRung,
    ::testing::Combine(::testing::Values("03_register_tile", "04_async_copy", "06_tensor_core_tf32"),
                       ::testing::Values(Pass::forward, Pass::backward_data, Pass::backward_weights)),
    [](const auto& info) { return "rung_" + std::get<0>(info.param) + "_" + to_string(std::get<1>(info.param)); });

TEST(Gram, ReadsEachSectorOnceABlockAndWritesFullOnes) {
  const simt::LaunchReport report = main_launch("gram", "triangle", Pass::forward, R"({"inputs": [[1, 128, 16, 16]]})");
  expect_no_bank_conflict(report);
  expect_full_sectors(report, simt::Access::read);
  expect_full_sectors(report, simt::Access::write);
  EXPECT_EQ(times(report.loads), 1.0);
  EXPECT_EQ(times(report.stores), 1.0);
}

}  // namespace
}  // namespace convlens::bench
