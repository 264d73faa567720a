#pragma once

#include <gtest/gtest.h>

#include "kernels/base/cases.h"
#include "tests/kernels/device_mirror.h"
#include "tests/kernels/host_tensor.h"

namespace convlens {

inline void PrintTo(const OperatorCase& c, std::ostream* out) { *out << c.op << "__" << c.name; }

}  // namespace convlens

namespace convlens::test {

/// All tensors of one problem, and the calls of its passes.
class OperatorRun {
 public:
  /// Every tensor holds NaN until it is filled or computed.
  explicit OperatorRun(const OperatorCase& c, Problem problem) : problem_(std::move(problem)) {
    for (const TensorDesc& desc : problem_.inputs) {
      inputs.emplace_back(desc);
      grad_inputs.emplace_back(desc);
    }
    for (const TensorDesc& desc : problem_.weights) {
      weights.emplace_back(desc);
      grad_weights.emplace_back(desc);
    }
    output.emplace_back(problem_.output);
    grad_output.emplace_back(problem_.output);
    size_t bytes = 0;
    for (const Pass pass : {Pass::backward_data, Pass::backward_weights})
      bytes = std::max(bytes, operator_by_name(c.op).saved(problem_, pass).bytes);
    saved_ = std::make_unique<GuardedBuffer>(bytes);
  }

  const Problem& problem() const { return problem_; }

  /// Runs one variant once on its device, its result and workspace poisoned before, the bounds of all memory checked
  /// after.
  void run(const Variant& variant, BackwardMode mode = BackwardMode::standard) {
    for (HostTensor& result : results(variant.pass)) result.poison();
    run_onto_results(variant, {.mode = mode});
  }

  /// The gradient is added to what grad_inputs hold.
  void accumulate(const Variant& variant) { run_onto_results(variant, {.accumulate = true}); }

  /// The gradient is passed on through a ReLU with this mask.
  void mask(const Variant& variant, BackwardMode mode, const std::byte* relu_mask) {
    for (HostTensor& result : results(variant.pass)) result.poison();
    run_onto_results(variant, {.mode = mode, .relu_mask = relu_mask});
  }

  std::vector<HostTensor>& results(Pass pass) {
    return pass == Pass::forward ? output : pass == Pass::backward_data ? grad_inputs : grad_weights;
  }

  std::vector<HostTensor> inputs, weights, output, grad_output, grad_inputs, grad_weights;

 private:
  void run_onto_results(const Variant& variant, Arguments arguments) {
    Problem problem = problem_;
    if (variant.pass != Pass::forward) problem.activation.reset();
    const auto kernel = variant.prepare(problem);
    GuardedBuffer workspace(kernel->workspace()), packed(kernel->packed_bytes());
    std::memset(workspace.data(), 0xff, workspace.size());
    std::memset(packed.data(), 0xff, packed.size());
    if (variant.pass == Pass::forward) std::memset(saved_->data(), 0xff, saved_->size());
    DeviceMirror device(device_api(variant.device));
    const auto input_views = device.views(inputs), weight_views = device.views(weights),
               output_views = device.views(output), grad_output_views = device.views(grad_output),
               grad_input_views = device.views(grad_inputs), grad_weight_views = device.views(grad_weights);
    std::byte* const packed_data = device.data(packed);
    kernel->pack(weight_views, packed_data);
    arguments.inputs = input_views;
    arguments.output = output_views[0];
    arguments.weights = weight_views;
    arguments.grad_output = grad_output_views[0];
    arguments.grad_inputs = grad_input_views;
    arguments.grad_weights = grad_weight_views;
    arguments.saved = saved_->size() ? device.data(*saved_) : nullptr;
    arguments.workspace = device.data(workspace);
    arguments.packed = packed_data;
    kernel->run(arguments);
    device.fetch();
    EXPECT_TRUE(workspace.intact() && packed.intact() && saved_->intact())
        << variant.name << " writes outside its buffers";
    for (const auto* list : {&inputs, &weights, &output, &grad_output, &grad_inputs, &grad_weights})
      for (const HostTensor& tensor : *list) EXPECT_TRUE(tensor.intact()) << variant.name << " writes outside a tensor";
    for (const HostTensor& result : results(variant.pass))
      EXPECT_TRUE(result.desc().type == DataType::f64 || result.padding_is_zero())
          << variant.name << " dirties the padding";
  }

  Problem problem_;
  std::unique_ptr<GuardedBuffer> saved_;
};

enum class Fill { uniform, integers };

/// Gives inputs, weights and the output's gradient their numbers, the same for the same seed. A role "running_var" is
/// positive.
inline void fill(OperatorRun& run, const Operator& op, const std::vector<Shape>& shapes, Fill how, uint64_t seed) {
  Generator random(seed);
  const auto fill_one = [&](const HostTensor& tensor) {
    how == Fill::integers ? fill_integers(tensor, random) : fill_uniform(tensor, random, -1, 1);
  };
  for (const HostTensor& tensor : run.inputs) fill_one(tensor);
  const auto specs = op.weights(*run.problem().params, shapes);
  for (size_t i = 0; i < specs.size(); ++i) {
    fill_one(run.weights[i]);
    if (specs[i].role == "running_var") fill_uniform(run.weights[i], random, 0.5, 2);
  }
  fill_one(run.grad_output[0]);
}

}  // namespace convlens::test
