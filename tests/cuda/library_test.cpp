// nvcc's compilation beside the emulator's: the same variants, which say the same of every case, and types that are the
// same on both sides of the library's boundary.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <tuple>

#include "kernels/base/cases.h"
#include "kernels/base/device_api.h"

namespace convlens::test {
namespace {

class CudaLibrary : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(dlopen(CONVLENS_CUDA_LIBRARY, RTLD_NOW), nullptr) << dlerror(); }
};

using Passes = std::vector<Pass>;
const Passes all_passes{Pass::forward, Pass::backward_data, Pass::backward_weights};

using Facts = std::tuple<std::string, int, bool, double, bool>;

std::vector<Facts> facts_of(const std::string& op, Pass pass, Device device) {
  std::vector<Facts> list;
  for (const Variant* v : variants(op, pass, device))
    list.emplace_back(v->name, v->priority, v->fuses_activation, v->relative_error, v->exact_integers);
  return list;
}

TEST_F(CudaLibrary, HasEveryKernelThatTheEmulatorHas) {
  size_t count = 0;
  for (const std::string& op : operator_names())
    for (const Pass pass : all_passes) {
      const auto emulated = facts_of(op, pass, Device::simt);
      EXPECT_EQ(facts_of(op, pass, Device::cuda), emulated) << op << " " << to_string(pass);
      count += emulated.size();
    }
  EXPECT_GT(count, 0U);
}

// What a variant says of a problem before anything runs.
std::string said_of(const Variant& variant, Problem problem) {
  if (variant.layouts) {
    const IoLayout io = variant.layouts(problem);
    for (TensorDesc& input : problem.inputs) input.layout = io.input;
    problem.output.layout = io.output;
  }
  if (variant.refuses)
    if (const auto reason = variant.refuses(problem)) return "refuses: " + *reason;
  const auto kernel = variant.prepare(problem);
  return to_string(problem.inputs[0].layout) + " to " + to_string(problem.output.layout) + ", " +
         std::to_string(kernel->workspace()) + " bytes of workspace, " + std::to_string(kernel->packed_bytes()) +
         " packed";
}

TEST_F(CudaLibrary, PreparesEveryCaseAsTheEmulatorDoes) {
  for (const OperatorCase& c : read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels"))
    for (const Pass pass : all_passes) {
      const Problem problem = c.problem(DataType::f32, Layout::nchw);
      const auto gpu = variants(c.op, pass, Device::cuda), emulated = variants(c.op, pass, Device::simt);
      for (size_t i = 0; i < emulated.size(); ++i)
        EXPECT_EQ(said_of(*gpu.at(i), problem), said_of(*emulated[i], problem))
            << c.op << " " << c.name << " " << to_string(pass) << " " << emulated[i]->name;
    }
}

TEST_F(CudaLibrary, ThrowsErrorsThatAreCaughtOutside) {
  if (has_device(Device::cuda)) GTEST_SKIP() << "with a GPU there is no error to be had at this place";
  const Variant& relu = *variants("relu", Pass::forward, Device::cuda).at(0);
  const OperatorCase c{.op = "relu", .params = operator_by_name("relu").new_params(), .inputs = {{1, 1, 1, 1}}};
  const Problem problem = c.problem(DataType::f32, Layout::nchw);
  const TensorView nothing{problem.output, nullptr};
  try {
    relu.prepare(problem)->run({.inputs = std::span(&nothing, 1), .output = nothing});
    ADD_FAILURE() << "a kernel was launched without a GPU";
  } catch (const InternalError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("CUDA: ")) << error.what();
  }
}

}  // namespace
}  // namespace convlens::test
