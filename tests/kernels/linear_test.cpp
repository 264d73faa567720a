// Gradients that are zero in some outputs, or in all: their rows are left out.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

constexpr int64_t rows = 19, columns = 5;

class LinearGradient : public ::testing::Test {
 protected:
  LinearGradient() : case_{.op = "linear", .name = "sparse", .params = operator_by_name("linear").new_params()} {
    read_params(*case_.params, {{"out_features", rows}}, "the test", "");
    case_.inputs = {{1, columns, 1, 1}};
    run_ = std::make_unique<OperatorRun>(case_, case_.problem(DataType::f32, Layout::nchw));
    for (int64_t i = 0; i < rows * columns; ++i) run_->weights[0].view().f32()[i] = static_cast<float>(i % 13 - 6);
  }

  float* gradient() { return run_->grad_output[0].view().f32(); }

  void expect_sums() {
    for (const Variant* variant : variants("linear", Pass::backward_data, Device::cpu)) {
      run_->run(*variant);
      for (int64_t k = 0; k < columns; ++k) {
        float sum = 0;
        for (int64_t o = 0; o < rows; ++o) sum += gradient()[o] * run_->weights[0].view().f32()[o * columns + k];
        EXPECT_EQ(run_->grad_inputs[0].view().f32()[k], sum) << variant->name << ", column " << k;
      }
    }
  }

  OperatorCase case_;
  std::unique_ptr<OperatorRun> run_;
};

TEST_F(LinearGradient, AddsUpTheRowsThatHaveOne) {
  for (int64_t o = 0; o < rows; ++o) gradient()[o] = static_cast<float>(o % 3 == 0 ? 0 : o - 8);
  expect_sums();
}

TEST_F(LinearGradient, OfOneScore) {
  std::fill_n(gradient(), rows, 0.0F);
  gradient()[rows - 1] = 2;
  expect_sums();
}

TEST_F(LinearGradient, OfNothingIsZero) {
  std::fill_n(gradient(), rows, 0.0F);
  expect_sums();
}

TEST_F(LinearGradient, ThatIsNaNStaysSo) {
  std::fill_n(gradient(), rows, 0.0F);
  gradient()[3] = NAN;
  for (const Variant* variant : variants("linear", Pass::backward_data, Device::cpu)) {
    run_->run(*variant);
    EXPECT_TRUE(std::isnan(run_->grad_inputs[0].view().f32()[0])) << variant->name;
  }
}

}  // namespace
}  // namespace convlens::test
