// Which variant and which layouts each layer gets, where it is known how long each takes: the choice that makes the
// forward and backward passes of the whole graph shortest together (pbqp.h). A layer's options are its forward variants
// in the layouts that they take, each with the best that the backward passes can then do; between layers lie reorders.
// What several layers read in another layout than it was made in is counted for each, though it is reordered once.

#include <algorithm>
#include <cstdio>

#include "engine/pbqp.h"
#include "engine/planner.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

using Seconds = std::optional<double>;

Seconds sum(const Seconds& a, const Seconds& b) { return a && b ? Seconds(*a + *b) : std::nullopt; }

Problem in_layouts(Problem problem, const IoLayout& io) {
  for (TensorDesc& input : problem.inputs) input.layout = io.input;
  problem.output.layout = io.output;
  return problem;
}

IoLayout layouts_of(const Problem& problem) { return {problem.inputs[0].layout, problem.output.layout}; }

IoLayout layouts_from(const Variant& variant, const Problem& problem, Layout input) {
  return variant.layouts ? variant.layouts(in_layouts(problem, {input, input})) : IoLayout{input, input};
}

/// Place and value of the least; nothing if there is none or one of them is not known.
std::optional<std::pair<size_t, double>> cheapest(const std::vector<Seconds>& list) {
  if (list.empty() || !std::ranges::all_of(list, &Seconds::has_value)) return std::nullopt;
  const auto it = std::ranges::min_element(list);
  return std::pair{static_cast<size_t>(it - list.begin()), **it};
}

Refusal slower(const Variant& variant, double seconds, double chosen_seconds, const char* what) {
  char text[80];
  std::snprintf(text, sizeof text, "took %.3f ms in place of %.3f%s", seconds * 1e3, chosen_seconds * 1e3, what);
  return {variant.name, text};
}

}  // namespace

void Planner::choose_by_costs() {
  const std::vector<Layout> layouts = layouts_in_use();
  std::vector<std::vector<Option>> options;
  Pbqp problem;
  for (Node& node : nodes_) {
    options.push_back(options_of(node, layouts));
    std::vector<double> seconds;
    for (const Option& option : options.back()) {
      if (!option.seconds) return;
      seconds.push_back(*option.seconds);
    }
    if (seconds.empty()) return;  // plan_forward says why
    problem.add_node(std::move(seconds));
  }
  const int image = problem.add_node({0});
  const std::vector<Option> of_image{{.io = {Layout::nchw, Layout::nchw}}};
  for (size_t reader = 0; reader < nodes_.size(); ++reader)
    for (const int value : nodes_[reader].inputs) {
      const int producer = values_[value].producer;
      const auto& from = producer < 0 ? of_image : options[static_cast<size_t>(producer)];
      const auto moves = moves_between(value, from, options[reader]);
      if (!moves) return;
      problem.add_edge(producer < 0 ? image : producer, static_cast<int>(reader), *moves);
    }
  const std::vector<int> choices = problem.solve();
  for (size_t i = 0; i < nodes_.size(); ++i) choose(nodes_[i], options[i], static_cast<size_t>(choices[i]));
}

void Planner::choose(Node& node, const std::vector<Option>& options, size_t choice) {
  node.chosen = options[choice];
  for (const Option& option : options)
    if (option.variant && option.variant != node.chosen->variant)
      node.refused.push_back(slower(*option.variant, *option.seconds, *node.chosen->seconds,
                                    node.needs_data_gradient ? " with its gradient" : ""));
}

// NCHW, in which images come, and whatever variants ask for when they are offered what is in use.
std::vector<Layout> Planner::layouts_in_use() const {
  std::vector<Layout> layouts{Layout::nchw};
  for (size_t i = 0; i < layouts.size(); ++i)
    for (const Node& node : nodes_)
      for (const Variant* variant : variants(node.layer->op->name(), Pass::forward, request_.device)) {
        const IoLayout io = layouts_from(*variant, node.problem, layouts[i]);
        for (const Layout layout : {io.input, io.output})
          if (std::ranges::find(layouts, layout) == layouts.end()) layouts.push_back(layout);
      }
  return layouts;
}

// All variants of its producer apply the activation that this layer is.
bool Planner::expects_activated_input(const Node& node) const {
  const int producer = values_[node.inputs[0]].producer;
  if (producer < 0 || !fusable_activation(nodes_[producer])) return false;
  const auto list = variants(nodes_[producer].layer->op->name(), Pass::forward, request_.device);
  return std::ranges::all_of(list, &Variant::fuses_activation);
}

std::vector<Planner::Option> Planner::options_of(Node& node, const std::vector<Layout>& layouts) const {
  std::vector<Option> options;
  const bool view = node.layer->op->is_view(*node.layer->params);
  if (view || (expects_activated_input(node) && !node.needs_data_gradient)) {
    for (const Layout layout : layouts)
      if (layout == Layout::nchw || node.problem.output.shape == node.problem.inputs[0].shape)
        options.push_back({.io = {layout, layout}, .seconds = 0});
    return options;
  }
  const auto candidates = forward_candidates(node, layouts);
  const auto seconds = request_.costs->seconds(*node.layer->op, candidates);
  for (size_t i = 0; i < candidates.size(); ++i)
    options.push_back({layouts_of(candidates[i].problem), candidates[i].variant,
                       sum(seconds[i], backward_seconds(node, candidates[i].problem))});
  return options;
}

std::vector<Candidate> Planner::forward_candidates(Node& node, const std::vector<Layout>& layouts) const {
  Problem base = node.problem;
  base.input_is_activated = expects_activated_input(node);
  const auto each_once = [&](const Variant& variant, const Problem& problem) {
    std::vector<IoLayout> list;
    for (const Layout layout : layouts) {
      const IoLayout io = layouts_from(variant, problem, layout);
      if (std::ranges::find(list, io) == list.end()) list.push_back(io);
    }
    return list;
  };
  return all_that_take(forward_variants(node), base, each_once, fusable_activation(node), node.refused);
}

std::optional<Pbqp::Matrix> Planner::moves_between(int value, const std::vector<Option>& producer,
                                                   const std::vector<Option>& reader) const {
  Pbqp::Matrix moves;
  for (const Option& from : producer) {
    moves.emplace_back();
    for (const Option& to : reader) {
      Seconds seconds = move_seconds(values_[value].shape, from.io.output, to.io.input);
      if (values_[value].needs_gradient)
        seconds = sum(seconds, move_seconds(values_[value].shape, to.io.input, from.io.output));
      if (!seconds) return std::nullopt;
      moves.back().push_back(*seconds);
    }
  }
  return moves;
}

Seconds Planner::move_seconds(const Shape& shape, Layout from, Layout to) const {
  return request_.costs->reorder_seconds(request_.device, {shape, type_, from}, to);
}

Seconds Planner::backward_seconds(const Node& node, const Problem& forward) const {
  const bool passes[] = {node.needs_data_gradient && !node.layer->op->passes_gradient(), node.needs_weight_gradient};
  Seconds total = 0;
  for (const Pass pass : {Pass::backward_data, Pass::backward_weights}) {
    if (!passes[pass == Pass::backward_weights]) continue;
    std::vector<Refusal> refused;
    const auto best = cheapest(seconds_with_moves(node, forward, backward_candidates(node, pass, forward, refused)));
    total = best ? sum(total, best->second) : std::nullopt;
  }
  return total;
}

std::vector<Candidate> Planner::backward_candidates(const Node& node, Pass pass, const Problem& forward,
                                                    std::vector<Refusal>& refused) const {
  const Problem base = backward_problem(forward);
  return all_that_take(variants(node.layer->op->name(), pass, request_.device), base, backward_layouts(node, base),
                       std::nullopt, refused);
}

// With the reorders of dL/dy and dL/dx from and to the layouts of the forward pass.
std::vector<Seconds> Planner::seconds_with_moves(const Node& node, const Problem& forward,
                                                 std::span<const Candidate> candidates) const {
  std::vector<Seconds> list = request_.costs->seconds(*node.layer->op, candidates);
  for (size_t i = 0; i < list.size(); ++i) {
    const Problem& problem = candidates[i].problem;
    list[i] = sum(list[i], move_seconds(forward.output.shape, forward.output.layout, problem.output.layout));
    if (candidates[i].variant->pass == Pass::backward_data)
      list[i] = sum(list[i], move_seconds(problem.inputs[0].shape, problem.inputs[0].layout, forward.inputs[0].layout));
  }
  return list;
}

std::optional<Planner::Choice> Planner::cheapest_backward(const Node& node, Pass pass) const {
  std::vector<Refusal> refused;
  const auto candidates = backward_candidates(node, pass, node.problem, refused);
  const auto seconds = seconds_with_moves(node, node.problem, candidates);
  const auto best = cheapest(seconds);
  if (!best) return std::nullopt;
  const Candidate& chosen = candidates[best->first];
  for (size_t i = 0; i < candidates.size(); ++i)
    if (candidates[i].variant != chosen.variant)
      refused.push_back(slower(*candidates[i].variant, *seconds[i], best->second, ""));
  return Choice{chosen.variant, chosen.problem, std::move(refused)};
}

}  // namespace convlens
