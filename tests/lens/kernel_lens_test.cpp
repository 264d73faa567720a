// The program: annotated source on the terminal, numbers in a file, one sentence and exit code 2 for what it cannot do.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/base/temporary_folder.h"
#include "tests/lens/program.h"

namespace convlens::test {
namespace {

Outcome kernel_lens(const std::string& arguments) { return run_program(CONVLENS_KERNEL_LENS, arguments); }

TEST(KernelLens, ShowsTheSourceAndWritesTheNumbers) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "lens.json";
  const Outcome outcome = kernel_lens("conv2d/cuda/01_naive.cu --case n1c2h8w32k3r1s1p0 --json " + file);
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(outcome.output.find("modelled"), 0U);
  EXPECT_NE(outcome.output.find("sum += w["), std::string::npos);
  std::ifstream in(file);
  const auto json = nlohmann::json::parse(in);
  EXPECT_EQ(json["kind"], "modelled");
  const auto& launch = json["launches"].at(0);
  EXPECT_EQ(launch["grid"], (std::vector<int>{2, 3, 1}));
  EXPECT_EQ(launch["stores"]["moved_bytes"], 3 * 8 * 32 * 4);
  EXPECT_EQ(launch["loads"]["fewest_bytes"], 2 * 8 * 32 * 4 + 32 + 32);  // the filters and the biases: a sector each
  EXPECT_TRUE(launch["findings"].empty());
}

TEST(KernelLens, RefusesInOneSentence) {
  const auto expect = [](const std::string& arguments, const std::string& part) {
    const Outcome outcome = kernel_lens(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
  };
  expect("conv2d/cuda/01_naif.cu", "'01_naive'");
  expect("conv3d/cuda/01_naive.cu", "conv3d");
  expect("naive.cu", "is no kernel's file");
  expect("conv2d/cuda/01_naive.cu --case n1", "the letter 'c'");
}

}  // namespace
}  // namespace convlens::test
