// nvcc's compilation beside the emulator's: the same variants, which say the same of every case, and types that are the
// same on both sides of the library's boundary.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
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
      auto compiled = facts_of(op, pass, Device::cuda);
      compiled.resize(emulated.size());  // after ours may come NVIDIA's
      EXPECT_EQ(compiled, emulated) << op << " " << to_string(pass);
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

[[maybe_unused]] bool has_variant(const std::string& op, Pass pass, const std::string& name) {
  return std::ranges::any_of(variants(op, pass, Device::cuda), [&](const Variant* v) { return v->name == name; });
}

TEST_F(CudaLibrary, HasVariantsOfNvidiasLibrariesWhereTheyAre) {
#if defined(CONVLENS_CUBLAS_LIBRARY)
  ASSERT_NE(dlopen(CONVLENS_CUBLAS_LIBRARY, RTLD_NOW), nullptr) << dlerror();
  for (const Pass pass : all_passes) EXPECT_TRUE(has_variant("linear", pass, "cublas")) << to_string(pass);
  for (const Pass pass : {Pass::forward, Pass::backward_data}) EXPECT_TRUE(has_variant("gram", pass, "cublas"));
#endif
#if defined(CONVLENS_CUDNN_LIBRARY)
  ASSERT_NE(dlopen(CONVLENS_CUDNN_LIBRARY, RTLD_NOW), nullptr) << dlerror();
  for (const Pass pass : all_passes)
    for (const std::string name : {"cudnn", "cudnn_tf32"})
      EXPECT_TRUE(has_variant("conv2d", pass, name)) << to_string(pass);
#endif
  for (const std::string& op : operator_names())
    for (const Pass pass : all_passes)
      for (const Variant* variant : variants(op, pass, Device::cuda))
        EXPECT_EQ(variant->priority < 0, variant->name.starts_with("cu")) << op << " " << variant->name;
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
