#include <algorithm>

#include "engine/planner.h"
#include "engine/preferred_variants.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// The layout in which most of the inputs lie, the first's in a tie.
Layout common_layout(const Problem& problem) {
  Layout best = problem.inputs[0].layout;
  const auto count = [&](Layout layout) { return std::ranges::count(problem.inputs, layout, &TensorDesc::layout); };
  for (const TensorDesc& input : problem.inputs)
    if (count(input.layout) > count(best)) best = input.layout;
  return best;
}

std::vector<IoLayout> wanted_layouts(const Variant& variant, const Problem& problem) {
  if (variant.layouts) return {variant.layouts(problem)};
  return {{common_layout(problem), common_layout(problem)}};
}

std::string listed(const std::vector<Refusal>& refused) {
  std::string text;
  for (const Refusal& r : refused) text += (text.empty() ? "" : "; ") + r.variant + ": " + r.reason;
  return text;
}

}  // namespace

void Planner::plan_forward() {
  for (Value& value : values_)
    if (value.producer < 0) value.slot = new_slot({value.shape, type_, Layout::nchw});
  for (Node& node : nodes_) forward_node(node);
}

void Planner::forward_node(Node& node) {
  for (size_t i = 0; i < node.inputs.size(); ++i)
    node.problem.inputs[i].layout = values_[node.inputs[i]].slot.desc.layout;
  if (!forward_without_work(node)) compute_forward(node, choose_forward(node));
}

// A view shares its input's memory; an activation may have been applied by the producer.
bool Planner::forward_without_work(Node& node) {
  Value& output = values_[node.output];
  const Value& input = values_[node.inputs[0]];
  const TensorDesc& from = input.slot.desc;
  const bool view =
      node.layer->op->is_view(*node.layer->params) && (from.shape == output.shape || from.layout == Layout::nchw);
  const bool done = node.activated_by_producer && !node.needs_data_gradient;
  if (!view && !done) return false;
  output.slot = {{output.shape, from.type, from.layout}, input.slot.piece};
  output.alias_of = node.inputs[0];
  node.problem.output.layout = from.layout;
  node.input_slots = {input.slot};
  if (done) plan_.fused[node.layer->name] = input.name;
  return true;
}

Slot Planner::slot_in_layout(int value, Layout layout, const std::string& layer) {
  Value& v = values_[value];
  if (v.slot.desc.layout == layout) return v.slot;
  const auto it = v.copies.find(layout);
  if (it != v.copies.end()) return it->second;
  const Slot copy = new_slot({v.shape, type_, layout});
  emit_move(Step::Kind::reorder, Pass::forward, layer, v.slot, copy);
  return v.copies[layout] = copy;
}

// The activation of the node's only reader, if nobody wants the value in between.
std::optional<Activation> Planner::fusable_activation(const Node& node) const {
  const Value& output = values_[node.output];
  if (!request_.rewrite || output.kept || output.readers.size() != 1 || saved_by(node).output) return std::nullopt;
  const Layer& reader = *nodes_[output.readers[0]].layer;
  return reader.op->as_activation(*reader.params);
}

std::vector<const Variant*> Planner::forward_variants(const Node& node) const {
  const Layer& layer = *node.layer;
  auto list = preferred_variants(layer.op->name(), Pass::forward, request_.device, request_.most_error);
  const auto pinned = request_.variants.find(layer.name);
  if (pinned == request_.variants.end()) return list;
  std::vector<std::string> names;
  for (const Variant* variant : list) names.push_back(variant->name);
  std::erase_if(list, [&](const Variant* v) { return v->name != pinned->second; });
  if (list.empty())
    throw InputError("layer '" + layer.name + "': " + layer.op->name() + " has no variant '" + pinned->second +
                     "' on " + to_string(request_.device) + did_you_mean(pinned->second, names));
  return list;
}

Planner::Choice Planner::choose_forward(const Node& node) const {
  Problem base = node.problem;
  base.input_is_activated = node.activated_by_producer;
  std::vector<Refusal> refused;
  if (node.chosen && node.chosen->variant) {
    const auto chosen_layouts = [&](const Variant&, const Problem&) { return std::vector{node.chosen->io}; };
    if (auto choice = first_that_takes({node.chosen->variant}, base, chosen_layouts, fusable_activation(node), refused))
      return {choice->variant, choice->problem, node.refused};
  }
  if (auto choice = first_that_takes(forward_variants(node), base, wanted_layouts, fusable_activation(node), refused))
    return *choice;
  throw InputError("layer '" + node.layer->name + "': no variant of " + node.layer->op->name() + " on " +
                   to_string(request_.device) + " takes it (" + listed(refused) + ")");
}

void Planner::compute_forward(Node& node, Choice choice) {
  Value& output = values_[node.output];
  node.problem = choice.problem;
  node.computed = true;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    node.input_slots.push_back(slot_in_layout(node.inputs[i], choice.problem.inputs[i].layout, node.layer->name));
  if (choice.problem.activation) nodes_[output.readers[0]].activated_by_producer = true;

  const Saved saved = saved_by(node);
  const TensorDesc& first = choice.problem.inputs[0];
  if (node.layer->op->in_place() && !saved.inputs && exclusive(node.inputs[0]) && first == choice.problem.output) {
    output.slot = node.input_slots[0];
    output.alias_of = node.inputs[0];
  } else {
    output.slot = new_slot(choice.problem.output);
  }
  if (saved.bytes > 0) node.notes = new_piece(saved.bytes);
  emit({.layer = node.layer->name,
        .source = node.layer,
        .variant = choice.variant,
        .kernel = choice.variant->prepare(choice.problem),
        .problem = choice.problem,
        .inputs = node.input_slots,
        .output = output.slot,
        .saved = node.notes,
        .refused = std::move(choice.refused)});
}

}  // namespace convlens
