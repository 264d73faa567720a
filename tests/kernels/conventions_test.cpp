// Conventions that the reference and the variants share, and which no comparison of the two can question: numbers from
// PyTorch's documentation, or worked out by hand from its rules.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

// The reference's result for one plane.
std::vector<double> plane(const std::string& op, const Json& params, int64_t height, const std::vector<double>& x) {
  OperatorCase c{.op = op, .name = "plane", .params = operator_by_name(op).new_params()};
  read_params(*c.params, params, "test", "params");
  c.inputs = {{1, 1, height, static_cast<int64_t>(x.size()) / height}};
  OperatorRun run(c, c.problem(DataType::f64, Layout::nchw));
  std::ranges::copy(x, run.inputs[0].f64().begin());
  run.run(*variants(op, Pass::forward, Device::reference).at(0));
  return {run.output[0].f64().begin(), run.output[0].f64().end()};
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(std::abs(found[i] - expected[i]) <= 1e-12) << i << ": " << found[i];
}

const std::vector<double> square{1, 2, 3, 4};

TEST(Conventions, UpsampleNearest) {
  expect_near(plane("upsample", {{"scale_factor", 2}}, 2, square), {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
}

TEST(Conventions, UpsampleBilinear) {
  expect_near(plane("upsample", {{"scale_factor", 2}, {"mode", "bilinear"}}, 2, square),
              {1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4});
}

TEST(Conventions, UpsampleBilinearWithAlignedCorners) {
  std::vector<double> expected;
  for (int p = 0; p < 4; ++p)
    for (int q = 0; q < 4; ++q) expected.push_back(1 + p * 2.0 / 3 + q / 3.0);
  expect_near(plane("upsample", {{"scale_factor", 2}, {"mode", "bilinear"}, {"align_corners", true}}, 2, square),
              expected);
}

TEST(Conventions, ReflectionLeavesOutTheEdge) {
  expect_near(plane("pad", {{"padding", 2}, {"mode", "reflect"}}, 3, {0, 1, 2, 3, 4, 5, 6, 7, 8}),
              {8, 7, 6, 7, 8, 7, 6, 5, 4, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 1, 0, 5, 4, 3, 4,
               5, 4, 3, 8, 7, 6, 7, 8, 7, 6, 5, 4, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 1, 0});
}

TEST(Conventions, PaddingIsTopLeftBottomRight) {
  expect_near(plane("pad", {{"padding", {1, 0, 0, 2}}}, 2, square), {0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0});
  expect_near(plane("pad", {{"padding", {-1, 0, 0, 0}}}, 2, square), {3, 4});
}

TEST(Conventions, AdaptiveWindowsOverlap) {
  expect_near(plane("adaptive_avg_pool2d", {{"output_size", {1, 3}}}, 1, {1, 2, 3, 4, 5}), {1.5, 3, 4.5});
}

TEST(Conventions, AveragesCountPaddingButNothingBeyond) {
  Json params{{"kernel_size", {1, 3}}, {"stride", 2}, {"padding", {0, 1}}, {"ceil_mode", true}};
  expect_near(plane("avg_pool2d", params, 1, {1, 2, 3, 4, 5, 6}), {1, 3, 5, 3});
  params["count_include_pad"] = false;
  expect_near(plane("avg_pool2d", params, 1, {1, 2, 3, 4, 5, 6}), {1.5, 3, 5, 6});
}

// TensorFlow's SAME: an odd amount has its larger half after, and is never counted.
TEST(Conventions, SamePadding) {
  const Json params{{"kernel_size", {1, 2}}, {"stride", 1}, {"padding", "same"}};
  expect_near(plane("avg_pool2d", params, 1, {1, 2, 4}), {1.5, 3, 4});
  expect_near(plane("max_pool2d", params, 1, {1, 2, 4}), {2, 4, 4});
}

// scipy.ndimage.gaussian_filter1d(x, 0.5, mode="mirror") and mode="constant".
TEST(Conventions, GaussianBlur) {
  const std::vector<double> line{0, 0, 1, 0, 0, 0, 3};
  std::vector<double> rows, mirrored, constant;
  for (const double value : line) rows.insert(rows.end(), 3, value);
  for (const double value : {0.0005277301654747083, 0.10645077197359151, 0.7865707258873422, 0.10645077197359151,
                             0.0010554603309494166, 0.3193523159207745, 2.3597121776620265})
    mirrored.insert(mirrored.end(), 3, value);
  expect_near(plane("gaussian_blur", {{"sigma", 0.5}}, 7, rows), mirrored);
  for (const double value : {0.00026386508273735414, 0.10645077197359151, 0.7865707258873422, 0.10645077197359151,
                             0.0010554603309494166, 0.3193523159207745, 2.3597121776620265})
    constant.push_back(value * 0.7865707258873422);  // the height's share of a single row
  expect_near(plane("gaussian_blur", {{"sigma", 0.5}, {"border", "zero"}}, 1, line), constant);
}

TEST(Conventions, InstanceStatistics) {
  expect_near(plane("instance_statistics", {{"eps", 1.0 / 3}}, 2, {1, 2, 3, 6}), {3, std::sqrt(5.0)});
  expect_near(plane("instance_statistics", {{"eps", 0.5}, {"correction", 0}}, 1, {1, 2, 3, 6}), {3, 2});
}

// Of mean 3 and standard deviation 2 (variance 16 / 4, or 16 / 3) to 13 and 3 (18 / 2, or 18 / 1).
TEST(Conventions, AdaptiveInstanceNorm) {
  const auto shown = [](int correction) {
    OperatorCase c{.op = "adaptive_instance_norm",
                   .name = "by_hand",
                   .params = operator_by_name("adaptive_instance_norm").new_params()};
    read_params(*c.params, {{"eps", 0}, {"correction", correction}}, "test", "params");
    c.inputs = {{1, 1, 2, 2}, {1, 1, 1, 2}};
    OperatorRun run(c, c.problem(DataType::f64, Layout::nchw));
    std::ranges::copy(std::vector<double>{1, 5, 5, 1}, run.inputs[0].f64().begin());
    std::ranges::copy(std::vector<double>{16, 10}, run.inputs[1].f64().begin());
    run.run(*variants("adaptive_instance_norm", Pass::forward, Device::reference).at(0));
    return std::vector<double>{run.output[0].f64().begin(), run.output[0].f64().end()};
  };
  expect_near(shown(0), {10, 16, 16, 10});
  const double distance = 2 * std::sqrt(18.0 * 3 / 16);
  expect_near(shown(1), {13 - distance, 13 + distance, 13 + distance, 13 - distance});
}

TEST(Conventions, ClampPassesTheGradientAtItsLimits) {
  OperatorCase c{.op = "clamp", .name = "limits", .params = operator_by_name("clamp").new_params()};
  read_params(*c.params, {{"min", -1}, {"max", 2}}, "test", "params");
  c.inputs = {{1, 1, 1, 5}};
  OperatorRun run(c, c.problem(DataType::f64, Layout::nchw));
  std::ranges::copy(std::vector<double>{-3, -1, 0, 2, 2.5}, run.inputs[0].f64().begin());
  std::ranges::fill(run.grad_output[0].f64(), 1.0);
  run.run(*variants("clamp", Pass::backward_data, Device::reference).at(0));
  expect_near({run.grad_inputs[0].f64().begin(), run.grad_inputs[0].f64().end()}, {0, 1, 1, 1, 0});
}

}  // namespace
}  // namespace convlens::test
