#include "engine/planner.h"

#include <algorithm>

#include "engine/fold.h"
#include "kernels/base/device_api.h"
#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/registry.h"

namespace convlens {

Plan make_plan(const Model& model, const PlanRequest& request) { return Planner(model, request).make(); }

Planner::Planner(const Model& model, const PlanRequest& request)
    : original_(model), request_(request), type_(request.device == Device::reference ? DataType::f64 : DataType::f32) {
  device_api(request.device);
  if (request.batch < 1) throw InputError("a batch holds at least one image, found " + std::to_string(request.batch));
}

Plan Planner::make() {
  plan_.device = request_.device;
  resolve();
  if (request_.costs) choose_by_costs();
  plan_forward();
  plan_.backward_begin = static_cast<int>(plan_.steps.size());
  plan_backward();
  const int last = static_cast<int>(plan_.steps.size());
  for (Value& value : values_) {
    if (value.kept || value.producer < 0) plan_.values[value.name] = value.slot;
    if (value.gradient_wanted) plan_.gradients[value.name] = value.gradient;
    // Inputs stay for the next run; what is observed stays until it has been read.
    if (value.producer < 0) plan_.pieces[value.slot.piece].first = 0;
    if (value.kept || value.producer < 0) plan_.pieces[value.slot.piece].last = last;
    if (value.gradient_wanted) plan_.pieces[value.gradient.piece].last = last;
  }
  for (const auto& [layer, slots] : plan_.weight_gradients)
    for (const Slot& slot : slots) plan_.pieces[slot.piece].last = last;
  plan_.arena_bytes = place(plan_.pieces);
  return std::move(plan_);
}

// ---- The graph.

void Planner::resolve() {
  std::set<std::string> kept(request_.observe.begin(), request_.observe.end());
  kept.insert(request_.losses.begin(), request_.losses.end());
  kept.insert(request_.gradients.begin(), request_.gradients.end());
  for (const std::string& name : kept)
    if (!original_.find_input(name)) original_.layer(name);
  std::set<std::string> unfolded = kept;
  for (const auto& [layer, variant] : request_.variants) unfolded.insert(original_.layer(layer).name);
  model_ = request_.rewrite && !request_.weight_gradients ? fold_channel_affines(original_, unfolded) : original_;

  for (const InputSpec& input : model_.inputs) {
    const auto it = request_.input_shapes.find(input.name);
    const Shape& s = it == request_.input_shapes.end() ? input.shape : it->second;
    if (s.c() != input.shape.c())
      throw InputError("the input '" + input.name + "' has " + std::to_string(input.shape.c()) + " channels, found " +
                       std::to_string(s.c()));
    value_index_[input.name] = static_cast<int>(values_.size());
    values_.push_back({.name = input.name, .shape = {request_.batch, s.c(), s.h(), s.w()}});
  }
  const std::set<std::string> needed = needed_names();
  for (const Layer& layer : model_.layers)
    if (needed.contains(layer.name)) add_node(layer);
  for (const std::string& name : kept) values_[value_named(name)].kept = true;
  for (const std::string& name : request_.losses) values_[value_named(name)].loss = true;
  for (const std::string& name : request_.gradients) values_[value_named(name)].gradient_wanted = true;
  mark_gradients();
}

std::set<std::string> Planner::needed_names() const {
  std::set<std::string> needed(request_.observe.begin(), request_.observe.end());
  needed.insert(request_.losses.begin(), request_.losses.end());
  return with_ancestors(model_, std::move(needed));
}

void Planner::add_node(const Layer& layer) {
  Node node{.layer = std::make_shared<const Layer>(layer)};
  std::vector<Shape> shapes;
  for (const std::string& input : layer.inputs) {
    node.inputs.push_back(value_named(input));
    shapes.push_back(values_[node.inputs.back()].shape);
  }
  const int index = static_cast<int>(nodes_.size());
  for (const int input : node.inputs) values_[input].readers.push_back(index);
  node.output = static_cast<int>(values_.size());
  value_index_[layer.name] = node.output;
  try {
    node.problem = make_problem(*layer.op, layer.params, shapes, type_);
    values_.push_back({.name = layer.name, .producer = index, .shape = node.problem.output.shape});
  } catch (const InputError& error) {
    std::string sizes;
    for (const Shape& shape : shapes) sizes += (sizes.empty() ? "" : ", ") + shape.to_string();
    throw InputError("layer '" + layer.name + "' (" + layer.op->name() + " of " + sizes + "): " + error.what());
  }
  for (size_t i = 0; i < layer.weights.size(); ++i)
    if (layer.weights[i].shape != node.problem.weights[i].shape)
      throw InputError("layer '" + layer.name + "': the tensor '" + layer.weights[i].name + "' must be " +
                       node.problem.weights[i].shape.to_string() + " for an input of " + shapes[0].to_string() +
                       ", found " + layer.weights[i].shape.to_string());
  nodes_.push_back(std::move(node));
}

int Planner::value_named(const std::string& name) const {
  const auto it = value_index_.find(name);
  if (it == value_index_.end()) throw InputError("nothing that was asked for depends on the layer '" + name + "'");
  return it->second;
}

// A gradient is needed where a loss lies downstream and something that wants a gradient upstream.
void Planner::mark_gradients() {
  std::vector<bool> reached(values_.size());
  for (size_t i = 0; i < values_.size(); ++i) reached[i] = values_[i].gradient_wanted;
  for (Node& node : nodes_) {
    const auto passes = node.layer->op->passes();
    node.needs_weight_gradient = request_.weight_gradients && !request_.frozen.contains(node.layer->name) &&
                                 !node.layer->weights.empty() &&
                                 std::ranges::find(passes, Pass::backward_weights) != passes.end();
    if (node.needs_weight_gradient) reached[node.output] = true;
    for (const int input : node.inputs)
      if (reached[input]) reached[node.output] = true;
  }
  std::vector<bool> leads(values_.size());
  for (size_t i = values_.size(); i-- > 0;) {
    leads[i] = values_[i].loss;
    for (const int reader : values_[i].readers)
      if (leads[nodes_[reader].output]) leads[i] = true;
    values_[i].needs_gradient = reached[i] && leads[i];
    if (values_[i].gradient_wanted && !values_[i].needs_gradient)
      throw InputError("the gradient of '" + values_[i].name + "' is wanted, but no loss depends on it");
  }
  for (Node& node : nodes_) {
    node.needs_weight_gradient = node.needs_weight_gradient && leads[node.output];
    for (const int input : node.inputs)
      if (values_[input].needs_gradient && leads[node.output]) node.needs_data_gradient = true;
  }
}

Saved Planner::saved_by(const Node& node) const {
  Saved all;
  const auto add = [&](Pass pass) {
    const Saved s = node.layer->op->saved(node.problem, pass);
    all = {all.inputs || s.inputs, all.output || s.output, std::max(all.bytes, s.bytes)};
  };
  if (node.needs_data_gradient) add(Pass::backward_data);
  if (node.needs_weight_gradient) add(Pass::backward_weights);
  return all;
}

// ---- Pieces and steps.

int Planner::new_piece(size_t bytes) {
  const int now = static_cast<int>(plan_.steps.size());
  plan_.pieces.push_back({.bytes = bytes, .first = now, .last = now});
  return static_cast<int>(plan_.pieces.size()) - 1;
}

// The piece is read or written by the step that is emitted next.
void Planner::use(int piece) {
  if (piece >= 0) plan_.pieces[piece].last = std::max(plan_.pieces[piece].last, static_cast<int>(plan_.steps.size()));
}

void Planner::emit(Step step) {
  for (const auto* slots : {&step.inputs, &step.grad_inputs, &step.grad_weights})
    for (const Slot& slot : *slots) use(slot);
  for (const Slot& slot : {step.from, step.to, step.output, step.grad_output}) use(slot);
  use(step.saved);
  use(step.relu_mask);
  if (step.kernel) {
    step.workspace = new_piece(step.kernel->workspace());
    step.packed = plan_.packed_bytes;
    plan_.packed_bytes += aligned_size(step.kernel->packed_bytes());
  }
  plan_.steps.push_back(std::move(step));
}

void Planner::emit_move(Step::Kind kind, Pass pass, const std::string& layer, const Slot& from, const Slot& to) {
  emit({.kind = kind, .pass = pass, .layer = layer, .from = from, .to = to});
}

// Its only reader may overwrite it.
bool Planner::exclusive(int value) const {
  const Value& v = values_[value];
  if (v.kept || v.readers.size() != 1 || v.producer < 0) return false;
  if (saved_by(nodes_[v.producer]).output) return false;
  return v.alias_of < 0 || exclusive(v.alias_of);
}

// Every variant in each of the layouts in which it takes the problem, until something is taken.
void Planner::offer(const std::vector<const Variant*>& variants, const Problem& base, const Layouts& layouts,
                    const std::optional<Activation>& activation, std::vector<Refusal>& refused,
                    const std::function<bool(Candidate)>& takes) const {
  for (const Variant* variant : variants) {
    std::optional<std::string> reason = "takes none of the layouts";
    bool offered = false;
    for (const IoLayout& io : layouts(*variant, base)) {
      Problem problem = base;
      for (TensorDesc& input : problem.inputs) input.layout = io.input;
      problem.output.layout = io.output;
      problem.activation = variant->fuses_activation ? activation : std::nullopt;
      reason = variant->refuses ? variant->refuses(problem) : std::nullopt;
      if (reason) continue;
      if (takes({variant, std::move(problem)})) return;
      offered = true;
    }
    if (!offered) refused.push_back({variant->name, reason.value_or("")});
  }
}

std::optional<Planner::Choice> Planner::first_that_takes(const std::vector<const Variant*>& variants,
                                                         const Problem& base, const Layouts& layouts,
                                                         const std::optional<Activation>& activation,
                                                         std::vector<Refusal>& refused) const {
  std::optional<Candidate> first;
  offer(variants, base, layouts, activation, refused, [&](Candidate candidate) {
    first = std::move(candidate);
    return true;
  });
  return first ? std::optional(Choice{first->variant, std::move(first->problem), refused}) : std::nullopt;
}

// Those that are as exact as the plan wants, if there are any.
std::vector<Candidate> Planner::all_that_take(const std::vector<const Variant*>& variants, const Problem& base,
                                              const Layouts& layouts, const std::optional<Activation>& activation,
                                              std::vector<Refusal>& refused) const {
  std::vector<Candidate> list;
  offer(variants, base, layouts, activation, refused, [&](Candidate candidate) {
    list.push_back(std::move(candidate));
    return false;
  });
  const auto exact = [&](const Candidate& c) { return c.variant->relative_error <= request_.most_error; };
  if (std::ranges::any_of(list, exact))
    std::erase_if(list, [&](const Candidate& c) {
      if (!exact(c)) refused.push_back({c.variant->name, "is less exact than the plan allows"});
      return !exact(c);
    });
  return list;
}

}  // namespace convlens
