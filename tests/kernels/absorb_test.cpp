// An operator that absorbs a channel-wise affine gives what the affine makes of its former result; an operator that
// says it is such an affine is one.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/kernels/operator_run.h"
#include "tests/kernels/small_cases.h"

namespace convlens::test {
namespace {

std::vector<WeightTensor> weights_of(const OperatorRun& run) {
  std::vector<WeightTensor> list;
  for (const HostTensor& w : run.weights) list.push_back({w.desc().shape, {w.f64().begin(), w.f64().end()}});
  return list;
}

void forward(const OperatorCase& c, OperatorRun& run) {
  run.run(*variants(c.op, Pass::forward, Device::reference).at(0));
}

double affine_of(const ChannelAffine& affine, const Shape& shape, size_t i, double value) {
  const size_t c = i / static_cast<size_t>(shape.h() * shape.w()) % static_cast<size_t>(shape.c());
  return affine.scale[c] * value + affine.shift[c];
}

class Absorb : public ::testing::TestWithParam<OperatorCase> {
 protected:
  Absorb() : op_(operator_by_name(GetParam().op)), run_(GetParam(), GetParam().problem(DataType::f64, Layout::nchw)) {
    fill(run_, op_, GetParam().inputs, Fill::uniform, 3);
    forward(GetParam(), run_);
  }
  const Operator& op_;
  OperatorRun run_;
};

TEST_P(Absorb, IsAsIfTheAffineFollowed) {
  ChannelAffine affine;
  for (int64_t c = 0; c < run_.problem().output.shape.c(); ++c) {
    affine.scale.push_back(1 + 0.25 * static_cast<double>(c % 7));
    affine.shift.push_back(0.5 * static_cast<double>(c % 5) - 1);
  }
  OperatorCase after = GetParam();
  after.params = op_.new_params();
  read_params(*after.params, write_params(*GetParam().params), GetParam().name, "params");
  auto weights = weights_of(run_);
  if (!op_.absorb(affine, *after.params, weights)) return;

  OperatorRun absorbed(after, after.problem(DataType::f64, Layout::nchw));
  ASSERT_EQ(weights.size(), absorbed.weights.size());
  for (size_t i = 0; i < weights.size(); ++i) std::ranges::copy(weights[i].values, absorbed.weights[i].f64().begin());
  std::ranges::copy(run_.inputs[0].f64(), absorbed.inputs[0].f64().begin());
  forward(after, absorbed);
  for (size_t i = 0; i < run_.output[0].f64().size(); ++i) {
    const double expected = affine_of(affine, run_.problem().output.shape, i, run_.output[0].f64()[i]);
    ASSERT_TRUE(std::abs(absorbed.output[0].f64()[i] - expected) <= 1e-5 * (1 + std::abs(expected))) << "element " << i;
  }
}

TEST_P(Absorb, AnAffineIsWhatItSays) {
  const auto affine = op_.as_channel_affine(*GetParam().params, weights_of(run_));
  if (!affine) return;
  for (size_t i = 0; i < run_.output[0].f64().size(); ++i) {
    const double expected = affine_of(*affine, run_.problem().output.shape, i, run_.inputs[0].f64()[i]);
    ASSERT_TRUE(std::abs(run_.output[0].f64()[i] - expected) <= 1e-12 * (1 + std::abs(expected))) << "element " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Absorb, ::testing::ValuesIn(small_cases()),
                         [](const auto& info) { return info.param.op + "__" + info.param.name; });

void infer(const std::string& op, const Json& json, std::vector<Shape> inputs) {
  const Operator& o = operator_by_name(op);
  const auto params = o.new_params();
  read_params(*params, json, "test", "params");
  o.infer(*params, inputs);
}

TEST(Infer, RefusesSizesThatDoNotFit) {
  const Shape x{1, 6, 4, 4};
  const Json transposed{{"out_channels", 4}, {"kernel_size", 3}};
  const auto with = [&](const std::string& key, const Json& value) {
    Json json = transposed;
    json[key] = value;
    return json;
  };
  EXPECT_NO_THROW(infer("conv_transpose2d", transposed, {x}));
  EXPECT_THROW(infer("conv_transpose2d", with("padding", "same"), {x}), InputError);
  EXPECT_THROW(infer("conv_transpose2d", with("output_padding", 1), {x}), InputError);
  EXPECT_THROW(infer("conv_transpose2d", with("groups", 4), {x}), InputError);
  EXPECT_THROW(infer("conv_transpose2d", with("padding", 3), {x}), InputError);
  EXPECT_NO_THROW(infer("conditional_instance_norm", {{"styles", 5}}, {x, {1, 5, 1, 1}}));
  EXPECT_THROW(infer("conditional_instance_norm", {{"styles", 5}}, {x, {1, 4, 1, 1}}), InputError);
}

}  // namespace
}  // namespace convlens::test
