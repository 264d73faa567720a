#include <algorithm>

#include "engine/planner.h"
#include "engine/preferred_variants.h"
#include "kernels/base/error.h"
#include "kernels/base/registry.h"

namespace convlens {

void Planner::plan_backward() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node)
    if (node->needs_data_gradient || node->needs_weight_gradient) backward_node(*node);
  // A loss may attach to the very value whose gradient is wanted.
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].gradient_wanted) start_gradient(static_cast<int>(i));
}

void Planner::backward_node(Node& node) {
  start_gradient(node.output);
  if (node.needs_weight_gradient) compute_backward(node, Pass::backward_weights);
  if (!node.needs_data_gradient) return;
  const bool passed = plan_.fused_backward.contains(node.layer->name) || node.layer->op->passes_gradient();
  if (node.computed && !passed) return compute_backward(node, Pass::backward_data);
  std::vector<int> inputs;
  std::ranges::copy_if(node.inputs, std::back_inserter(inputs), [&](int i) { return values_[i].needs_gradient; });
  pass_gradient(node, inputs);
}

// The first thing to arrive at a loss's value is the loss's own gradient.
void Planner::start_gradient(int value) {
  Value& v = values_[value];
  if (v.has_gradient || !v.loss) return;
  v.gradient = new_slot(v.slot.desc);
  emit_move(Step::Kind::loss_gradient, Pass::backward_data, v.name, {}, v.gradient);
  v.has_gradient = true;
}

// Where a kernel may write its share of the value's gradient: the gradient itself if it is the first.
Slot Planner::begin_contribution(int value, Layout layout) {
  start_gradient(value);
  Value& v = values_[value];
  const Slot slot = new_slot({v.shape, type_, layout});
  if (!v.has_gradient && !v.gradient && layout == v.slot.desc.layout) v.gradient = slot;
  return slot;
}

void Planner::end_contribution(int value, const Slot& slot, const std::string& layer) {
  Value& v = values_[value];
  const Layout layout = v.slot.desc.layout;
  if (v.has_gradient) {
    emit_move(Step::Kind::accumulate, Pass::backward_data, layer, converted(slot, layout, layer), v.gradient);
  } else if (v.gradient.piece != slot.piece) {
    v.gradient = new_slot(v.slot.desc);
    emit_move(Step::Kind::reorder, Pass::backward_data, layer, slot, v.gradient);
  }
  v.has_gradient = true;
}

Slot Planner::converted(const Slot& slot, Layout layout, const std::string& layer) {
  if (slot.desc.layout == layout) return slot;
  const Slot copy = new_slot({slot.desc.shape, slot.desc.type, layout});
  emit_move(Step::Kind::reorder, Pass::backward_data, layer, slot, copy);
  return copy;
}

// dL/dx = dL/dy for all of `inputs`: the last may have the same memory, if nobody else needs it; the others get a copy,
// or a sum if something has arrived before.
void Planner::pass_gradient(const Node& node, std::span<const int> inputs) {
  const Value& output = values_[node.output];
  for (const int index : inputs) {
    start_gradient(index);
    Value& input = values_[index];
    // The elements lie in memory in the same order, whatever the shape.
    const Slot gradient{{input.shape, type_, output.slot.desc.layout}, output.gradient.piece};
    const bool reuse = !input.has_gradient && index == inputs.back() && !output.gradient_wanted;
    if (reuse && gradient.desc == input.slot.desc) {
      input.gradient = gradient;
      input.has_gradient = true;
    } else {
      end_contribution(index, gradient, node.layer->name);
    }
  }
}

// As the forward pass lies in memory; or, if nothing depends on that order, as the variant wishes.
Planner::Layouts Planner::backward_layouts(const Node& node, const Problem& forward) const {
  const IoLayout present{forward.inputs[0].layout, forward.output.layout};
  const Saved saved = saved_by(node);
  const bool free = saved.bytes == 0 && !saved.output;
  return [=](const Variant& variant, const Problem& problem) {
    std::vector<IoLayout> list{present};
    if (variant.layouts && free)
      if (const IoLayout wanted = variant.layouts(problem); wanted != present) list.push_back(wanted);
    return list;
  };
}

Problem Planner::backward_problem(Problem forward) {
  forward.activation.reset();
  forward.input_is_activated = false;
  return forward;
}

Planner::Choice Planner::choose_backward(const Node& node, Pass pass) const {
  const Problem base = backward_problem(node.problem);
  if (node.chosen)
    if (auto choice = cheapest_backward(node, pass)) return *choice;
  std::vector<Refusal> refused;
  const auto list = preferred_variants(node.layer->op->name(), pass, request_.device, request_.most_error);
  if (auto choice = first_that_takes(list, base, backward_layouts(node, base), std::nullopt, refused)) return *choice;
  throw InputError("layer '" + node.layer->name + "': " + node.layer->op->name() + " has no " + to_string(pass) +
                   " on " + to_string(request_.device) + " for its layouts");
}

// Something has arrived before, and the kernel can add to it where it lies.
bool Planner::adds_to_gradient(const Node& node, const Choice& choice) {
  if (!choice.variant->accumulates) return false;
  start_gradient(node.inputs[0]);
  const Value& input = values_[node.inputs[0]];
  return input.has_gradient && input.gradient.desc.layout == choice.problem.inputs[0].layout;
}

// The ReLU whose output is the input, if the kernel can pass the gradient on through it as well: nothing else adds to
// it or looks at it, and it lies as the ReLU's mask does.
const Planner::Node* Planner::relu_before(const Node& node, const Choice& choice) const {
  const Value& input = values_[node.inputs[0]];
  if (!request_.rewrite || !choice.variant->masks_gradient || input.producer < 0) return nullptr;
  if (input.readers.size() != 1 || input.loss || input.gradient_wanted) return nullptr;
  const Node& relu = nodes_[input.producer];
  const auto activation = relu.layer->op->as_activation(*relu.layer->params);
  const Layout layout = input.slot.desc.layout;
  const bool lies_alike =
      choice.problem.inputs[0].layout == layout && (layout == Layout::nchw8c || layout == Layout::nchw16c);
  return relu.computed && activation && activation->negative_slope == 0 && lies_alike ? &relu : nullptr;
}

std::vector<Slot> Planner::gradient_targets(Node& node, const Problem& problem, const Slot& grad_output) {
  std::vector<Slot> targets;
  const bool in_place = node.layer->op->in_place() && !values_[node.output].gradient_wanted;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    Value& input = values_[node.inputs[i]];
    if (!input.needs_gradient) {
      targets.emplace_back();
      continue;
    }
    start_gradient(node.inputs[i]);
    if (i == 0 && in_place && !input.has_gradient && grad_output.desc == input.slot.desc) {
      input.gradient = grad_output;
      targets.push_back(grad_output);
    } else {
      targets.push_back(begin_contribution(node.inputs[i], problem.inputs[i].layout));
    }
  }
  return targets;
}

void Planner::compute_backward(Node& node, Pass pass) {
  const std::string& name = node.layer->name;
  Choice choice = choose_backward(node, pass);
  const Saved saved = node.layer->op->saved(node.problem, pass);
  const Slot grad_output = converted(values_[node.output].gradient, choice.problem.output.layout, name);
  Step step{.pass = pass,
            .layer = name,
            .source = node.layer,
            .variant = choice.variant,
            .kernel = choice.variant->prepare(choice.problem),
            .problem = choice.problem,
            .grad_output = grad_output,
            .saved = saved.bytes > 0 ? node.notes : -1,
            .refused = std::move(choice.refused)};
  if (saved.inputs)
    for (size_t i = 0; i < node.inputs.size(); ++i)
      step.inputs.push_back(converted(node.input_slots[i], choice.problem.inputs[i].layout, name));
  if (saved.output) step.output = values_[node.output].slot;
  if (pass == Pass::backward_weights) {
    for (const TensorDesc& desc : choice.problem.weights) step.grad_weights.push_back(new_slot(desc));
    plan_.weight_gradients[name] = step.grad_weights;
    return emit(std::move(step));
  }
  if (const Node* const relu = relu_before(node, choice)) {
    step.relu_mask = relu->notes;
    plan_.fused_backward[relu->layer->name] = name;
  }
  if (adds_to_gradient(node, choice)) {
    step.accumulate = true;
    step.grad_inputs = {values_[node.inputs[0]].gradient};
    return emit(std::move(step));
  }
  const auto targets = step.grad_inputs = gradient_targets(node, choice.problem, grad_output);
  emit(std::move(step));
  for (size_t i = 0; i < targets.size(); ++i)
    if (targets[i]) end_contribution(node.inputs[i], targets[i], name);
}

}  // namespace convlens
