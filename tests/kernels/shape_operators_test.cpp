// Operators that move or add numbers: what they must refuse, and what their kernels must leave alone.

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

Shape infer(const std::string& op, const std::vector<Shape>& inputs, const Json& params = Json::object()) {
  const auto p = operator_by_name(op).new_params();
  read_params(*p, params, "test", "params");
  return operator_by_name(op).infer(*p, inputs);
}

void expect_refused(const std::string& op, const std::vector<Shape>& inputs, const Json& params,
                    const std::string& reason) {
  try {
    infer(op, inputs, params);
    ADD_FAILURE() << op << " took what it must refuse because of: " << reason;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
  }
}

TEST(ShapeOperators, RefuseSizesThatDoNotFit) {
  expect_refused("add", {{1, 3, 4, 5}, {1, 3, 5, 4}}, Json::object(), "1x3x4x5 and 1x3x5x4");
  expect_refused("concat", {{1, 3, 4, 5}, {1, 3, 4, 6}}, Json::object(), "differ in channels alone");
  expect_refused("concat", {{1, 3, 4, 5}, {2, 3, 4, 5}}, Json::object(), "differ in channels alone");
  expect_refused("pad", {{1, 3, 4, 5}}, {{"padding", "same"}}, "\"same\"");
  expect_refused("pad", {{1, 3, 4, 5}}, {{"padding", 4}, {"mode", "reflect"}}, "less than the input's height of 4");
  expect_refused("pad", {{1, 3, 4, 5}}, {{"padding", -1}, {"mode", "reflect"}}, "at least 0");
  expect_refused("pad", {{1, 3, 4, 5}}, {{"channels", 1}, {"mode", "reflect"}}, "mode \"zero\" alone");
  expect_refused("pad", {{1, 3, 4, 5}}, {{"padding", -2}}, "leaves nothing");
  expect_refused("upsample", {{1, 3, 4, 5}}, {{"scale_factor", 2}, {"align_corners", true}}, "\"bilinear\"");
}

TEST(ShapeOperators, ConcatLeavesOutAGradientThatNobodyWants) {
  OperatorCase c{.op = "concat", .name = "two", .params = operator_by_name("concat").new_params()};
  c.inputs = {{2, 5, 3, 3}, {2, 18, 3, 3}};
  for (const Device device : {Device::reference, Device::cpu}) {
    const DataType type = device == Device::cpu ? DataType::f32 : DataType::f64;
    const Problem problem = c.problem(type, device == Device::cpu ? Layout::nchw16c : Layout::nchw);
    HostTensor grad_y({problem.output.shape, DataType::f64, Layout::nchw}), grad_x(problem.inputs[1]);
    for (size_t i = 0; i < grad_y.f64().size(); ++i) grad_y.f64()[i] = static_cast<double>(i);
    const HostTensor ordered = grad_y.as(type, problem.output.layout);
    const std::vector<TensorView> wanted{{problem.inputs[0], nullptr}, grad_x.view()};
    for (const Variant* variant : variants("concat", Pass::backward_data, device))
      variant->prepare(problem)->run({.grad_output = ordered.view(), .grad_inputs = wanted});
    const HostTensor plain = grad_x.as(DataType::f64, Layout::nchw);
    EXPECT_EQ(plain.f64()[0], 5 * 9);
    EXPECT_EQ(plain.f64()[18 * 9], (23 + 5) * 9);
    EXPECT_TRUE(type == DataType::f64 || grad_x.padding_is_zero());
  }
}

TEST(ShapeOperators, AddAndDropoutWorkInPlace) {
  for (const std::string op : {"add", "dropout"}) {
    OperatorCase c{.op = op, .name = "in_place", .params = operator_by_name(op).new_params()};
    c.inputs.assign(op == "add" ? 3 : 1, {1, 3, 5, 7});
    const Problem problem = c.problem(DataType::f32, Layout::nchw);
    std::vector<HostTensor> x;
    std::vector<TensorView> views;
    for (const Shape& shape : c.inputs) {
      HostTensor ones({shape, DataType::f64, Layout::nchw});
      std::ranges::fill(ones.f64(), 1.0);
      x.push_back(ones.as(DataType::f32, Layout::nchw));
      views.push_back(x.back().view());
    }
    for (const Variant* variant : variants(op, Pass::forward, Device::cpu)) {
      variant->prepare(problem)->run({.inputs = views, .output = views[0]});
      const HostTensor y = x[0].as(DataType::f64, Layout::nchw);
      for (const double value : y.f64()) EXPECT_EQ(value, static_cast<double>(x.size())) << op;
    }
  }
}

}  // namespace
}  // namespace convlens::test
