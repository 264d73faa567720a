// The program's first line says which kind of table follows, and for the emulator no time of this machine does.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/base/temporary_folder.h"
#include "tests/lens/program.h"

namespace convlens::test {
namespace {

Outcome kernel_bench(const std::string& arguments) { return run_program(CONVLENS_KERNEL_BENCH, arguments); }

nlohmann::json json_of(const std::string& file) {
  std::ifstream in(file);
  return nlohmann::json::parse(in);
}

TEST(KernelBench, ModelsWhatTheEmulatorRuns) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "bench.json";
  const Outcome outcome = kernel_bench("--device simt --op conv2d --case n1c8h32w32k8r1 --blocks 2 --json " + file);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(outcome.output.find("modelled"), 0U) << outcome.output;
  EXPECT_EQ(outcome.output.find("measured"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("sampled 2 of 16 blocks"), std::string::npos) << outcome.output;
  const auto record = json_of(file);
  EXPECT_EQ(record["kind"], "modelled");
  EXPECT_EQ(record["problems"].at(0)["case"], "n1c8h32w32k8r1");
  for (const auto& variant : record["problems"].at(0)["variants"]) {
    EXPECT_FALSE(variant.contains("best_us"));
    if (!variant.contains("refused")) {
      EXPECT_GE(variant["times_the_limit"], 1);
    }
  }
}

TEST(KernelBench, MeasuresWhatTheCpuRuns) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "bench.json";
  const Outcome outcome = kernel_bench("--op conv2d --case n1c8h8w8k8r1 --samples 2 --cold --json " + file);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(outcome.output.find("measured"), 0U) << outcome.output;
  EXPECT_EQ(json_of(file)["kind"], "measured");
}

}  // namespace
}  // namespace convlens::test
