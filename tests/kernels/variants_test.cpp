// Every operator x variant x pass x case x layout against the reference loops in double.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/simt/emulator/launch.h"
#include "tests/kernels/expect_close.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

struct VariantCase {
  OperatorCase c;
  const Variant* variant;
  Layout layout;
};

std::string text(const VariantCase& v) {
  return v.c.op + "__" + v.c.name + "__" + to_string(v.variant->device) + "_" + v.variant->name + "__" +
         to_string(v.variant->pass) + "__" + to_string(v.layout);
}

void PrintTo(const VariantCase& v, std::ostream* out) { *out << text(v); }

std::string name_of(const ::testing::TestParamInfo<VariantCase>& info) { return text(info.param); }

std::vector<OperatorCase> cases_but_benchmarks() {
  auto cases = read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels");
  std::erase_if(cases, [](const OperatorCase& c) { return c.bench; });
  return cases;
}

Problem problem_in(const VariantCase& v) {
  Problem problem = v.c.problem(DataType::f32, v.layout);
  if (v.variant->layouts) {
    const IoLayout io = v.variant->layouts(problem);
    for (TensorDesc& desc : problem.inputs) desc.layout = io.input;
    problem.output.layout = io.output;
  }
  return problem;
}

// A case in every layout in which the variant takes it, each once: layouts that it is offered and declines are no new
// test.
void add_layouts(const OperatorCase& c, const Variant& variant, std::vector<VariantCase>& list) {
  std::set<std::pair<Layout, Layout>> seen;
  for (const Layout layout : {Layout::nchw, Layout::nhwc, Layout::nchw8c, Layout::nchw16c}) {
    const VariantCase offered{c, &variant, layout};
    const Problem problem = problem_in(offered);
    if (seen.emplace(problem.inputs[0].layout, problem.output.layout).second) list.push_back(offered);
  }
}

std::vector<VariantCase> all_variants() {
  std::vector<VariantCase> list;
  for (const OperatorCase& c : cases_but_benchmarks())
    for (const Device device : {Device::cpu, Device::cuda, Device::simt})
      for (const Pass pass : operator_by_name(c.op).passes())
        for (const Variant* variant : variants(c.op, pass, device))
          if (!c.activation || (variant->fuses_activation && pass == Pass::forward)) add_layouts(c, *variant, list);
  return list;
}

void apply(const Activation& a, const HostTensor& tensor) {
  for (double& y : tensor.f64()) y = std::min(y > 0 ? y : a.negative_slope * y, a.max_value);
}

// The variant's forward pass leaves the notes that its backward pass reads: any forward variant of the device must do.
const Variant* forward_for(const VariantCase& v, const Problem& problem) {
  for (const Variant* forward : variants(v.c.op, Pass::forward, v.variant->device))
    if (!forward->refuses || !forward->refuses(problem)) return forward;
  return nullptr;
}

std::vector<std::vector<double>> values_of(const std::vector<HostTensor>& tensors) {
  std::vector<std::vector<double>> values;
  for (const HostTensor& tensor : tensors) {
    const HostTensor wide = tensor.as(DataType::f64, Layout::nchw);
    values.emplace_back(wide.f64().begin(), wide.f64().end());
  }
  return values;
}

// CUDA promises no order of threads: whoever depends on it lacks a barrier or adds in the order of arrival.
void expect_the_same_in_reverse(OperatorRun& run, const Variant& variant, BackwardMode mode) {
  const auto before = values_of(run.results(variant.pass));
  const simt::WithTurns reverse(simt::Turns::descending);
  run.run(variant, mode);
  EXPECT_EQ(values_of(run.results(variant.pass)), before) << variant.name << " depends on the order of threads";
}

// What a variant adds to is then the sum of what was there and of the gradient that it would have written.
void expect_it_adds(OperatorRun& run, const Variant& variant, Fill how, double tolerance) {
  const auto gradient = values_of(run.grad_inputs).at(0);
  Generator random(3);
  HostTensor sum({run.grad_inputs[0].desc().shape, DataType::f64, Layout::nchw});
  fill_uniform(sum, random, -max_abs(gradient), max_abs(gradient));
  if (how == Fill::integers)
    std::ranges::transform(sum.f64(), sum.f64().begin(), [](double v) { return std::round(v); });
  const HostTensor before = sum.as(DataType::f32, run.grad_inputs[0].desc().layout);
  std::memcpy(run.grad_inputs[0].view().data, before.view().data, before.desc().bytes());
  const HostTensor rounded = before.as(DataType::f64, Layout::nchw);
  for (size_t i = 0; i < gradient.size(); ++i) sum.f64()[i] = rounded.f64()[i] + gradient[i];
  run.accumulate(variant);
  expect_close(run.grad_inputs[0], sum, tolerance, variant.name + " added to a gradient");
}

// What a variant passes on through a ReLU is the gradient that it would have written, where mask and mode let it pass.
void expect_it_masks(OperatorRun& run, const Variant& variant) {
  const TensorDesc& desc = run.grad_inputs[0].desc();
  if (desc.layout != Layout::nchw8c && desc.layout != Layout::nchw16c) return;
  run.run(variant);
  const float* found = run.grad_inputs[0].view().f32();
  const std::vector<float> gradient(found, found + desc.elements());
  const double tolerance = variant.relative_error * *std::ranges::max_element(gradient);
  Generator random(4);
  std::vector<std::byte> mask(gradient.size() / 8);
  std::ranges::generate(mask, [&] { return static_cast<std::byte>(random()); });
  for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided, BackwardMode::deconvnet}) {
    run.mask(variant, mode, mask.data());
    for (size_t i = 0; i < gradient.size(); ++i) {
      const bool on = (std::to_integer<int>(mask[i / 8]) >> i % 8 & 1) != 0;
      const bool passed =
          (on || mode == BackwardMode::deconvnet) && (gradient[i] > 0 || mode == BackwardMode::standard);
      ASSERT_NEAR(found[i], passed ? gradient[i] : 0, tolerance)
          << variant.name << " " << to_string(mode) << ", element " << i;
    }
  }
}

class Variants : public ::testing::TestWithParam<VariantCase> {
 protected:
  // Returns false when the variant refuses the problem, which is then no test.
  bool compare(Fill how, double tolerance, BackwardMode mode) {
    const VariantCase& v = GetParam();
    const Operator& op = operator_by_name(v.c.op);
    const Problem problem = problem_in(v);
    if (v.variant->refuses)
      if (const auto reason = v.variant->refuses(problem)) {
        EXPECT_FALSE(reason->empty());
        return false;
      }

    OperatorRun truth(v.c, v.c.problem(DataType::f64, Layout::nchw));
    fill(truth, op, v.c.inputs, how, 1 + std::hash<std::string>{}(v.c.name));
    OperatorRun run(v.c, problem);
    const auto copy = [](const std::vector<HostTensor>& from, std::vector<HostTensor>& to) {
      for (size_t i = 0; i < from.size(); ++i) to[i] = from[i].as(DataType::f32, to[i].desc().layout);
    };
    copy(truth.inputs, run.inputs);
    copy(truth.weights, run.weights);
    copy(truth.grad_output, run.grad_output);

    truth.run(*variants(v.c.op, Pass::forward, Device::reference).at(0));
    if (problem.activation) apply(*problem.activation, truth.output[0]);
    if (v.variant->pass != Pass::forward) {
      truth.run(*variants(v.c.op, v.variant->pass, Device::reference).at(0), mode);
      const Saved saved = op.saved(problem, v.variant->pass);
      if (saved.bytes > 0 || saved.output) {
        const Variant* forward = forward_for(v, problem);
        EXPECT_NE(forward, nullptr) << "no forward variant takes the layouts of this backward variant";
        if (!forward) return false;
        run.run(*forward);
      }
    }
    run.run(*v.variant, mode);
    for (size_t i = 0; i < run.results(v.variant->pass).size(); ++i)
      expect_close(run.results(v.variant->pass)[i], truth.results(v.variant->pass)[i], tolerance,
                   v.variant->name + " " + to_string(mode) + " result " + std::to_string(i));
    if (v.variant->device == Device::simt) expect_the_same_in_reverse(run, *v.variant, mode);
    if (v.variant->accumulates) expect_it_adds(run, *v.variant, how, tolerance);
    if (v.variant->masks_gradient) expect_it_masks(run, *v.variant);
    return true;
  }
};

TEST_P(Variants, AgreeWithTheReference) {
  const double tolerance = GetParam().variant->relative_error;
  compare(Fill::uniform, tolerance, BackwardMode::standard);
  if (GetParam().variant->pass == Pass::backward_data) {
    compare(Fill::uniform, tolerance, BackwardMode::guided);
    compare(Fill::uniform, tolerance, BackwardMode::deconvnet);
  }
}

TEST_P(Variants, AreExactOnIntegers) {
  const bool sums_products =
      GetParam().c.op == "conv2d" || GetParam().c.op == "conv_transpose2d" || GetParam().c.op == "linear";
  if (sums_products && GetParam().variant->exact_integers) compare(Fill::integers, 0, BackwardMode::standard);
}

INSTANTIATE_TEST_SUITE_P(All, Variants, ::testing::ValuesIn(all_variants()), name_of);

class CaseIsServed : public ::testing::TestWithParam<OperatorCase> {};

// On the CPU some variant takes every case in its own layout: refusing everything is no way to pass.
TEST_P(CaseIsServed, OnTheCpu) {
  const OperatorCase& c = GetParam();
  for (const Pass pass : operator_by_name(c.op).passes()) {
    bool served = operator_by_name(c.op).passes_gradient() && pass == Pass::backward_data;
    for (const Variant* variant : variants(c.op, pass, Device::cpu)) {
      if (c.activation && pass == Pass::forward && !variant->fuses_activation) continue;
      const Problem problem = problem_in({c, variant, Layout::nchw});
      served = served || !variant->refuses || !variant->refuses(problem);
    }
    EXPECT_TRUE(served) << to_string(pass);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CaseIsServed, ::testing::ValuesIn(cases_but_benchmarks()),
                         [](const auto& info) { return info.param.op + "__" + info.param.name; });

}  // namespace
}  // namespace convlens::test
