// The reference loops against finite differences, in double: for L = <g, f(x, w)> and a direction d,
// <dL/dx, d> = (L(x + h d) - L(x - h d)) / 2h + O(h^2). For an operator linear in x this is adjointness, <J d, g> = <d,
// J^T g>.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/kernels/operator_run.h"
#include "tests/kernels/small_cases.h"

namespace convlens::test {
namespace {

class Reference : public ::testing::TestWithParam<OperatorCase> {
 protected:
  Reference()
      : op_(operator_by_name(GetParam().op)), run_(GetParam(), GetParam().problem(DataType::f64, Layout::nchw)) {
    fill(run_, op_, GetParam().inputs, Fill::uniform, 7);
  }

  const Variant& loops(Pass pass) const { return *variants(GetParam().op, pass, Device::reference).at(0); }

  double loss() {
    run_.run(loops(Pass::forward));
    double sum = 0;
    for (size_t i = 0; i < run_.output[0].f64().size(); ++i)
      sum += run_.output[0].f64()[i] * run_.grad_output[0].f64()[i];
    return sum;
  }

  void check_direction(const HostTensor& tensor, const HostTensor& gradient, Generator& random,
                       const std::string& what) {
    std::normal_distribution<double> normal;
    const double h = 1e-6;
    std::vector<double> start(tensor.f64().begin(), tensor.f64().end()), direction(start.size());
    double analytic = 0, magnitude = 0;
    for (size_t i = 0; i < start.size(); ++i) {
      direction[i] = normal(random);
      analytic += direction[i] * gradient.f64()[i];
      magnitude += std::abs(direction[i] * gradient.f64()[i]);
    }
    const auto loss_at = [&](double step) {
      for (size_t i = 0; i < start.size(); ++i) tensor.f64()[i] = start[i] + step * direction[i];
      return loss();
    };
    const double numeric = (loss_at(h) - loss_at(-h)) / (2 * h);
    loss_at(0);
    EXPECT_TRUE(std::abs(numeric - analytic) <= 1e-6 * magnitude + 1e-7)
        << what << ": finite difference " << numeric << ", gradient " << analytic;
  }

  const Operator& op_;
  OperatorRun run_;
};

TEST_P(Reference, GradientsAreFiniteDifferences) {
  Generator random(11);
  loss();
  for (const Pass pass : op_.passes())
    if (pass != Pass::forward) run_.run(loops(pass));
  if (op_.passes_gradient()) std::ranges::fill(run_.grad_inputs, run_.grad_output[0]);
  const auto grad_inputs = run_.grad_inputs, grad_weights = run_.grad_weights;
  const auto passes = op_.passes();
  const bool has_weight_gradient = std::ranges::find(passes, Pass::backward_weights) != passes.end();
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (size_t i = 0; i < grad_inputs.size(); ++i)
      check_direction(run_.inputs[i], grad_inputs[i], random, "input " + std::to_string(i));
    for (size_t i = 0; has_weight_gradient && i < grad_weights.size(); ++i)
      check_direction(run_.weights[i], grad_weights[i], random, "weight " + std::to_string(i));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Reference, ::testing::ValuesIn(small_cases()),
                         [](const auto& info) { return info.param.op + "__" + info.param.name; });

}  // namespace
}  // namespace convlens::test
