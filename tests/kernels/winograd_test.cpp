// On many tiles the filters' transforms are made in every run, on few they are kept: both give the same. Threads share
// the tiles of large maps, and each takes its share chunk by chunk.

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/kernels/expect_close.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

constexpr int64_t few = 4, many = 252;  // images of one tile

class Winograd : public ::testing::TestWithParam<const Variant*> {
 protected:
  static OperatorCase convolution(const Shape& input, int64_t out_channels) {
    OperatorCase c{.op = "conv2d", .name = "tiles", .params = operator_by_name("conv2d").new_params()};
    const Json params{{"out_channels", out_channels}, {"kernel_size", 3}, {"padding", 1}};
    read_params(*c.params, params, "the test", "");
    c.inputs = {input};
    return c;
  }

  static OperatorRun filled(int64_t images) {
    const OperatorCase c = convolution({images, 180, 2, 3}, 180);
    OperatorRun run(c, c.problem(DataType::f32, cpu_blocked_layout()));
    for (const HostTensor& tensor : run.weights) fill(tensor, tensor.desc().shape.elements());
    for (const auto* list : {&run.inputs, &run.grad_output})
      for (const HostTensor& tensor : *list) fill(tensor, tensor.desc().shape.elements() / images * few);
    return run;
  }

  // Numbers come again after `period`; the padding of a block is zero.
  static void fill(const HostTensor& tensor, int64_t period) {
    HostTensor plain({tensor.desc().shape, DataType::f32, Layout::nchw});
    for (int64_t i = 0; i < plain.desc().elements(); ++i)
      plain.view().f32()[i] = static_cast<float>(std::sin(static_cast<double>(i % period)));
    device_api(Device::cpu).reorder(plain.view(), tensor.view());
  }

  static void expect_agreement(const Shape& input, int64_t out_channels) {
    const OperatorCase c = convolution(input, out_channels);
    OperatorRun found(c, c.problem(DataType::f32, cpu_blocked_layout())),
        truth(c, c.problem(DataType::f64, Layout::nchw));
    test::fill(truth, operator_by_name("conv2d"), c.inputs, Fill::uniform, 1);
    for (auto tensors : {&OperatorRun::inputs, &OperatorRun::weights, &OperatorRun::grad_output})
      for (size_t i = 0; i < (truth.*tensors).size(); ++i)
        (found.*tensors)[i] = (truth.*tensors)[i].as(DataType::f32, (found.*tensors)[i].desc().layout);
    found.run(*GetParam());
    truth.run(*variants("conv2d", GetParam()->pass, Device::reference).at(0));
    expect_close(found.results(GetParam()->pass)[0], truth.results(GetParam()->pass)[0], GetParam()->relative_error,
                 GetParam()->name);
  }
};

TEST_P(Winograd, ManyTilesGiveWhatFewDo) {
  OperatorRun all = filled(many), first = filled(few);
  all.run(*GetParam());
  first.run(*GetParam());
  const HostTensor expected = first.results(GetParam()->pass)[0].as(DataType::f64, Layout::nchw),
                   found = all.results(GetParam()->pass)[0].as(DataType::f64, Layout::nchw);
  const double tolerance = 1e-6 * max_abs(expected.f64());
  for (size_t i = 0; i < found.f64().size(); ++i)
    ASSERT_NEAR(found.f64()[i], expected.f64()[i % expected.f64().size()], tolerance) << i;
}

TEST_P(Winograd, SharesOfLargeMapsAgreeWithTheReference) { expect_agreement({3, 32, 45, 37}, 32); }

TEST_P(Winograd, SumsOfManyChannelsAgreeWithTheReference) { expect_agreement({1, 520, 12, 11}, 60); }

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
