// What random numbers do not show: equal maxima, NaN, infinities, and paddings that a pool must refuse.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "kernels/max_pool2d/max_pool2d.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

class MaxPool2d : public ::testing::TestWithParam<Layout> {
 protected:
  // 1 x 1 x 3 x 4 (18 channels alike, so that vectors and their remainder are met), window 3 x 3, stride 1, padding 1.
  void pool(Device device, const std::vector<float>& x) {
    const Layout layout = device == Device::reference ? Layout::nchw : GetParam();
    OperatorCase c{.op = "max_pool2d", .name = "special", .params = std::make_shared<MaxPool2dParams>()};
    read_params(*c.params, Json{{"kernel_size", 3}, {"stride", 1}, {"padding", 1}}, "test", "params");
    c.inputs = {{1, 18, 3, 4}};
    OperatorRun run(c, c.problem(device == Device::reference ? DataType::f64 : DataType::f32, layout));
    HostTensor image({c.inputs[0], DataType::f64, Layout::nchw}), ones(image.desc());
    for (size_t i = 0; i < image.f64().size(); ++i) image.f64()[i] = x[i % x.size()];
    std::ranges::fill(ones.f64(), 1.0);
    run.inputs[0] = image.as(run.problem().inputs[0].type, layout);
    run.grad_output[0] = ones.as(run.problem().output.type, layout);
    for (const Pass pass : {Pass::forward, Pass::backward_data})
      for (const Variant* variant : variants("max_pool2d", pass, device))
        if (!variant->refuses || !variant->refuses(run.problem())) run.run(*variant);
    y_ = values(run.output[0]);
    grad_x_ = values(run.grad_inputs[0]);
  }

  static std::vector<double> values(const HostTensor& tensor) {
    const HostTensor plain = tensor.as(DataType::f64, Layout::nchw);
    return {plain.f64().begin(), plain.f64().end()};
  }

  // The result in every channel; NaN equals NaN.
  static void expect(const std::vector<double>& found, const std::vector<double>& expected) {
    for (size_t i = 0; i < found.size(); ++i) {
      const double e = expected[i % expected.size()];
      ASSERT_TRUE(found[i] == e || (std::isnan(e) && std::isnan(found[i])))
          << i << ": " << found[i] << ", expected " << e;
    }
  }

  std::vector<double> y_, grad_x_;
};

TEST_P(MaxPool2d, TheFirstOfEqualMaximaGetsTheGradient) {
  for (const Device device : {Device::reference, Device::cpu}) {
    pool(device, std::vector<float>(12, 2.0F));
    expect(y_, std::vector<double>(12, 2.0));
    // Each window's upper left element inside the input.
    expect(grad_x_, {4, 2, 2, 0, 2, 1, 1, 0, 0, 0, 0, 0});
  }
}

TEST_P(MaxPool2d, ANaNIsTheMaximum) {
  for (const Device device : {Device::reference, Device::cpu}) {
    pool(device, {9, 1, 1, 1, nan, 1, 1, 1, 1, 1, 1, 8});
    expect(y_, {nan, nan, 1, 1, nan, nan, 8, 8, nan, nan, 8, 8});
    expect(grad_x_, {0, 1, 1, 0, 6, 0, 0, 0, 0, 0, 0, 4});
  }
}

TEST_P(MaxPool2d, MinusInfinityIsANumberLikeOthers) {
  for (const Device device : {Device::reference, Device::cpu}) {
    pool(device, std::vector<float>(12, -infinity));
    expect(y_, std::vector<double>(12, -infinity));
    expect(grad_x_, {4, 2, 2, 0, 2, 1, 1, 0, 0, 0, 0, 0});
  }
}

// A run without gradients gives no memory for notes.
TEST_P(MaxPool2d, TheResultIsTheSameWithoutNotes) {
  for (const int window : {2, 3, 4}) {
    OperatorCase c{.op = "max_pool2d", .name = "special", .params = std::make_shared<MaxPool2dParams>()};
    read_params(*c.params, Json{{"kernel_size", window}, {"stride", 2}, {"padding", 1}}, "test", "params");
    c.inputs = {{2, 19, 11, 41}};
    OperatorRun run(c, c.problem(DataType::f32, GetParam()));
    HostTensor image({c.inputs[0], DataType::f64, Layout::nchw});
    Generator random(5);
    fill_uniform(image, random, -2, -1);
    image.f64()[100] = nan;
    run.inputs[0] = image.as(DataType::f32, GetParam());
    for (const Variant* variant : variants("max_pool2d", Pass::forward, Device::cpu)) {
      if (variant->refuses && variant->refuses(run.problem())) continue;
      run.run(*variant);
      HostTensor y(run.problem().output);
      const TensorView x = run.inputs[0].view();
      variant->prepare(run.problem())->run({.inputs = {&x, 1}, .output = y.view()});
      expect(values(y), values(run.output[0]));
      EXPECT_TRUE(y.padding_is_zero());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, MaxPool2d,
                         ::testing::Values(Layout::nchw, Layout::nhwc, Layout::nchw8c, Layout::nchw16c),
                         [](const auto& info) { return to_string(info.param); });

TEST(PoolWindow, PaddingMustBeSmallerThanTheWindow) {
  EXPECT_THROW((PoolWindow{.kernel = {2, 2}, .padding = {2, 2, 2, 2}}.axis(0, 8)), InputError);
  EXPECT_EQ((PoolWindow{.kernel = {3, 3}, .padding = {2, 2, 2, 2}}.axis(0, 8).output), 4);
}

// torch.nn.functional.max_pool2d's output sizes.
TEST(PoolWindow, SizesAreThoseOfPyTorch) {
  EXPECT_EQ((PoolWindow{.kernel = {3, 3}, .stride = {2, 2}}.axis(0, 112).output), 55);
  EXPECT_EQ((PoolWindow{.kernel = {3, 3}, .stride = {2, 2}, .ceil_mode = true}.axis(0, 112).output), 56);
  EXPECT_EQ(
      (PoolWindow{.kernel = {2, 2}, .stride = {3, 3}, .padding = {1, 1, 1, 1}, .ceil_mode = true}.axis(0, 4).output),
      2);
  EXPECT_EQ((PoolWindow{.kernel = {2, 2}}.axis(1, 7).output), 3);
}

}  // namespace
}  // namespace convlens::test
