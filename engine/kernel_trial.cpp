#include "engine/kernel_trial.h"

#include <random>

#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

void activate(const Activation& a, Array& array) {
  for (float& y : array.values)
    y = std::min(y > 0 ? y : static_cast<float>(a.negative_slope) * y, static_cast<float>(a.max_value));
}

}  // namespace

HostValues random_values(const Operator& op, const Problem& problem) {
  std::mt19937_64 random(1);
  const auto fill = [&](const Shape& shape, float low, float high) {
    std::uniform_real_distribution<float> uniform(low, high);
    Array array(shape);
    for (float& value : array.values) value = uniform(random);
    return array;
  };
  HostValues values;
  std::vector<Shape> shapes;
  for (const TensorDesc& input : problem.inputs) {
    shapes.push_back(input.shape);
    values.inputs.push_back(fill(input.shape, -1, 1));
    if (problem.input_is_activated) activate(op.as_activation(*problem.params).value(), values.inputs.back());
  }
  for (const WeightSpec& spec : op.weights(*problem.params, shapes))
    values.weights.push_back(fill(spec.shape, spec.role == "running_var" ? 0.5F : -1.0F, 1));
  values.grad_output = fill(problem.output.shape, -1, 1);
  return values;
}

KernelTrial::KernelTrial(const Operator& op, const Variant& variant, const Problem& problem, const HostValues& values)
    : variant_(variant), problem_(problem), device_(device_api(variant.device)) {
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    tensors_.inputs.push_back(uploaded(problem.inputs[i], values.inputs[i]));
    tensors_.grad_inputs.push_back(new_tensor(problem.inputs[i]));
  }
  for (size_t i = 0; i < problem.weights.size(); ++i) {
    tensors_.weights.push_back(uploaded(problem.weights[i], values.weights[i]));
    tensors_.grad_weights.push_back(new_tensor(problem.weights[i]));
  }
  tensors_.output = new_tensor(problem.output);
  tensors_.grad_output = uploaded(problem.output, values.grad_output);
  if (variant.pass != Pass::forward) run_forward_for_backward(op);
  bound_ = bind(variant);
}

TensorView KernelTrial::new_tensor(const TensorDesc& desc) {
  memory_.push_back(device_.allocate(desc.bytes()));
  return {desc, memory_.back().get()};
}

TensorView KernelTrial::uploaded(const TensorDesc& desc, const Array& value) {
  const TensorView view = new_tensor(desc);
  if (desc.elements() > desc.shape.elements()) device_.zero(view);  // a blocked layout's padding
  device_.upload(value.view(), view);
  return view;
}

KernelTrial::Bound KernelTrial::bind(const Variant& variant) const {
  Bound bound{.kernel = variant.prepare(problem_)};
  bound.workspace = device_.allocate(bound.kernel->workspace());
  bound.packed = device_.allocate(bound.kernel->packed_bytes());
  bound.kernel->pack(tensors_.weights, bound.packed.get());
  return bound;
}

void KernelTrial::run_forward_for_backward(const Operator& op) {
  const Saved saved = op.saved(problem_, variant_.pass);
  if (saved.bytes > 0) {
    memory_.push_back(device_.allocate(saved.bytes));
    saved_ = memory_.back().get();
  }
  if (saved.bytes == 0 && !saved.output) return;
  for (const Variant* forward : variants(op.name(), Pass::forward, variant_.device))
    if (!forward->refuses || !forward->refuses(problem_)) {
      const Bound bound = bind(*forward);
      bound.kernel->run(arguments(bound));
      return device_.synchronize();
    }
  throw InternalError(op.name() + ": no forward variant takes the layouts of the backward variant '" + variant_.name +
                      "'");
}

Arguments KernelTrial::arguments(const Bound& bound) const {
  return {.inputs = tensors_.inputs,
          .output = tensors_.output,
          .weights = tensors_.weights,
          .grad_output = tensors_.grad_output,
          .grad_inputs = tensors_.grad_inputs,
          .grad_weights = tensors_.grad_weights,
          .saved = saved_,
          .workspace = bound.workspace.get(),
          .packed = bound.packed.get()};
}

void KernelTrial::start() { bound_.kernel->run(arguments(bound_)); }

void KernelTrial::finish() { device_.synchronize(); }

void KernelTrial::run() {
  start();
  finish();
}

std::vector<Array> KernelTrial::results() const {
  const std::vector<TensorView> views = variant_.pass == Pass::forward         ? std::vector{tensors_.output}
                                        : variant_.pass == Pass::backward_data ? tensors_.grad_inputs
                                                                               : tensors_.grad_weights;
  std::vector<Array> arrays;
  for (const TensorView& view : views) {
    arrays.emplace_back(view.shape());
    device_.download(view, arrays.back().view());
  }
  // The plain loops leave a fused activation to whoever compares with them.
  if (variant_.device == Device::reference && variant_.pass == Pass::forward && problem_.activation)
    activate(*problem_.activation, arrays[0]);
  return arrays;
}

}  // namespace convlens
