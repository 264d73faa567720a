#include "benchmarks/kernel_bench/contestant.h"

#include <random>

#include "kernels/base/error.h"

namespace convlens::bench {
namespace {

void activate(const Activation& a, Array& array) {
  for (float& y : array.values)
    y = std::min(y > 0 ? y : static_cast<float>(a.negative_slope) * y, static_cast<float>(a.max_value));
}

}  // namespace

HostValues random_values(const BenchProblem& origin) {
  std::mt19937_64 random(1);
  const auto fill = [&](const Shape& shape, float low, float high) {
    std::uniform_real_distribution<float> uniform(low, high);
    Array array(shape);
    for (float& value : array.values) value = uniform(random);
    return array;
  };
  const Operator& op = operator_by_name(origin.c.op);
  HostValues values;
  for (const Shape& shape : origin.c.inputs) {
    values.inputs.push_back(fill(shape, -1, 1));
    if (origin.input_is_activated) activate(op.as_activation(*origin.c.params).value(), values.inputs.back());
  }
  for (const WeightSpec& spec : op.weights(*origin.c.params, origin.c.inputs))
    values.weights.push_back(fill(spec.shape, spec.role == "running_var" ? 0.5F : -1.0F, 1));
  values.grad_output = fill(op.infer(*origin.c.params, origin.c.inputs), -1, 1);
  return values;
}

Contestant::Contestant(const Variant& variant, const BenchProblem& origin, const Problem& problem,
                       const HostValues& values)
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
  if (variant.pass != Pass::forward) run_forward_for_backward(operator_by_name(origin.c.op));
  bound_ = bind(variant);
}

TensorView Contestant::new_tensor(const TensorDesc& desc) {
  memory_.push_back(device_.allocate(desc.bytes()));
  return {desc, memory_.back().get()};
}

TensorView Contestant::uploaded(const TensorDesc& desc, const Array& value) {
  const TensorView view = new_tensor(desc);
  if (desc.elements() > desc.shape.elements()) device_.zero(view);  // a blocked layout's padding
  device_.upload(value.view(), view);
  return view;
}

Contestant::Bound Contestant::bind(const Variant& variant) const {
  Bound bound{.kernel = variant.prepare(problem_)};
  bound.workspace = device_.allocate(bound.kernel->workspace());
  bound.packed = device_.allocate(bound.kernel->packed_bytes());
  bound.kernel->pack(tensors_.weights, bound.packed.get());
  return bound;
}

void Contestant::run_forward_for_backward(const Operator& op) {
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

Arguments Contestant::arguments(const Bound& bound) const {
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

void Contestant::start() { bound_.kernel->run(arguments(bound_)); }

void Contestant::finish() { device_.synchronize(); }

void Contestant::run() {
  start();
  finish();
}

std::vector<Array> Contestant::results() const {
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

}  // namespace convlens::bench
