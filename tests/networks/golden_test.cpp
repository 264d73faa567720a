// Whole networks with known random weights against golden files, which JAX made in double and ONNX Runtime confirmed
// (tools/make_golden.py): output within 1e-5, input gradient within 1e-4 of the greatest magnitude.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "tests/networks/golden_input.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

Shape shape_of(const Json& json) {
  const auto extents = json.at("shape").get<std::vector<int64_t>>();
  return Shape(std::span<const int64_t>(extents));
}

void expect_first(const Array& found, const Json& expected) {
  for (size_t i = 0; i < expected.at("first").size(); ++i)
    ASSERT_NEAR(found.values[i], expected["first"][i].get<double>(), 1e-6) << "the generator of random numbers differs";
}

void expect_samples(const Array& found, const Json& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(found.shape, shape_of(expected));
  const double scale = expected.at("max_abs");
  double worst = 0;
  for (size_t i = 0; i < expected.at("indices").size(); ++i) {
    const double error =
        std::abs(found.values.at(expected["indices"][i].get<size_t>()) - expected.at("values")[i].get<double>()) /
        scale;
    ASSERT_TRUE(error <= tolerance) << what << " " << expected["indices"][i] << ": relative error " << error;
    worst = std::max(worst, error);
  }
  ::testing::Test::RecordProperty(what + "_error", std::to_string(worst));
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(CONVLENS_SOURCE_DIR) / "tests/golden"))
    names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, OutputAndInputGradient) {
  const Json golden =
      Json::parse(std::ifstream(fs::path(CONVLENS_SOURCE_DIR) / "tests/golden" / (GetParam() + ".json")));
  const auto model = read_model(fs::path(CONVLENS_TEST_MODELS) / "random" / GetParam());
  ASSERT_EQ(model->sha256, golden.at("model_bin_sha256").get<std::string>())
      << "the random weights are not those of the golden file";
  const std::string layer = golden["output"]["layer"];
  ASSERT_EQ(layer, model->output);
  const uint64_t seed = golden.at("seed");

  PlanRequest request{.losses = {layer}};
  for (const auto& [name, gradient] : golden.at("gradients").items()) request.gradients.push_back(name);
  const auto set_inputs = [&](Session& session) {
    for (const InputSpec& spec : model->inputs) {
      const Array input = golden_input(spec, seed, shape_of(golden.at("inputs").at(spec.name)));
      expect_first(input, golden["inputs"][spec.name]);
      session.set_input(spec.name, input);
    }
    session.forward();
  };
  Session fast(*model, request);
  set_inputs(fast);
  expect_samples(fast.value(layer), golden["output"], 1e-5, "output");

  // Winograd's rounding, and ReLUs whose input it takes across zero, change gradients by up to 2e-4
  // (fast_neural_style).
  request.most_error = 5e-6;
  Session session(*model, request);
  set_inputs(session);
  expect_samples(session.value(layer), golden["output"], 1e-5, "output by exact variants");
  const Array functional = uniform("functional", seed, shape_of(golden.at("functional")));
  expect_first(functional, golden["functional"]);
  const Loss losses[] = {projection(layer, functional)};
  session.backward(losses);
  for (const std::string& name : request.gradients)
    expect_samples(session.gradient(name), golden["gradients"][name], 1e-4, "gradient_" + name);
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::ValuesIn(golden_names()), [](const auto& info) { return info.param; });

}  // namespace
}  // namespace convlens::test
