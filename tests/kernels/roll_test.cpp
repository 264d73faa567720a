// Offsets beyond the image's size and of either sign, which random cases do not reach.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

const std::vector<double> numbers{1, 2, 3, 4, 5, 6, 7, 8};

class Roll : public ::testing::TestWithParam<Device> {
 protected:
  Roll() : case_{.op = "roll", .name = "two", .params = operator_by_name("roll").new_params()} {
    case_.inputs = {{2, 1, 4, 2}, {2, 2, 1, 1}};
    run_ = std::make_unique<OperatorRun>(
        case_, case_.problem(GetParam() == Device::reference ? DataType::f64 : DataType::f32, Layout::nchw));
  }

  void set(HostTensor& tensor, const std::vector<double>& values) const {
    const HostTensor wide({tensor.desc().shape, DataType::f64, Layout::nchw});
    std::ranges::copy(values, wide.f64().begin());
    tensor = wide.as(tensor.desc().type, Layout::nchw);
  }

  // The numbers in both images, rolled by (-1, 0) and (6, -3).
  std::vector<double> rolled(Pass pass) {
    std::vector<double> twice = numbers;
    twice.insert(twice.end(), numbers.begin(), numbers.end());
    set(pass == Pass::forward ? run_->inputs[0] : run_->grad_output[0], twice);
    set(run_->inputs[1], {-1, 0, 6, -3});
    run_->run(*variants("roll", pass, GetParam()).at(0));
    const HostTensor result = run_->results(pass)[0].as(DataType::f64, Layout::nchw);
    return {result.f64().begin(), result.f64().end()};
  }

  OperatorCase case_;
  std::unique_ptr<OperatorRun> run_;
};

// The first image: an example of torch.roll's documentation.
TEST_P(Roll, MovesElementsByTheOffsets) {
  EXPECT_EQ(rolled(Pass::forward), (std::vector<double>{3, 4, 5, 6, 7, 8, 1, 2, 6, 5, 8, 7, 2, 1, 4, 3}));
}

TEST_P(Roll, MovesGradientsBack) {
  EXPECT_EQ(rolled(Pass::backward_data), (std::vector<double>{7, 8, 1, 2, 3, 4, 5, 6, 6, 5, 8, 7, 2, 1, 4, 3}));
  const HostTensor offsets = run_->grad_inputs[1].as(DataType::f64, Layout::nchw);
  for (const double gradient : offsets.f64()) EXPECT_EQ(gradient, 0);
}

INSTANTIATE_TEST_SUITE_P(Devices, Roll, ::testing::Values(Device::reference, Device::cpu, Device::simt),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace convlens::test
