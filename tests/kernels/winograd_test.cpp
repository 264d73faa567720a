// On many tiles the filters' transforms are made in every run, on few they are kept: both give the same.

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/cpu/blocked_layout.h"
#include "tests/kernels/expect_close.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

constexpr int64_t few = 4, many = 252;  // images of one tile

class Winograd : public ::testing::TestWithParam<const Variant*> {
 protected:
  static OperatorRun filled(int64_t images) {
    OperatorCase c{.op = "conv2d", .name = "tiles", .params = operator_by_name("conv2d").new_params()};
    read_params(*c.params, {{"out_channels", 180}, {"kernel_size", 3}, {"padding", 1}}, "the test", "");
    c.inputs = {{images, 180, 2, 3}};
    OperatorRun run(c, c.problem(DataType::f32, cpu_blocked_layout()));
    for (const auto* list : {&run.inputs, &run.weights, &run.grad_output})
      for (const HostTensor& tensor : *list) fill(tensor);
    return run;
  }

  // The first images are the same, however many there are; the padding of a block is zero.
  static void fill(const HostTensor& tensor) {
    HostTensor plain({tensor.desc().shape, DataType::f32, Layout::nchw});
    for (int64_t i = 0; i < plain.desc().elements(); ++i)
      plain.view().f32()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    device_api(Device::cpu).reorder(plain.view(), tensor.view());
  }
};

TEST_P(Winograd, ManyTilesGiveWhatFewDo) {
  OperatorRun all = filled(many), first = filled(few);
  all.run(*GetParam());
  first.run(*GetParam());
  const HostTensor expected = first.results(GetParam()->pass)[0].as(DataType::f64, Layout::nchw),
                   found = all.results(GetParam()->pass)[0].as(DataType::f64, Layout::nchw);
  const double tolerance = 1e-6 * max_abs(expected.f64());
  for (size_t i = 0; i < expected.f64().size(); ++i) ASSERT_NEAR(found.f64()[i], expected.f64()[i], tolerance) << i;
}

std::vector<const Variant*> winograd_variants() {
  std::vector<const Variant*> list;
  for (const Pass pass : {Pass::forward, Pass::backward_data})
    for (const Variant* variant : variants("conv2d", pass, Device::cpu))
      if (variant->name == "winograd_4x4" || variant->name == "winograd_6x6") list.push_back(variant);
  return list;
}

INSTANTIATE_TEST_SUITE_P(conv2d, Winograd, ::testing::ValuesIn(winograd_variants()),
                         [](const auto& info) { return info.param->name + "_" + to_string(info.param->pass); });

}  // namespace
}  // namespace convlens::test
