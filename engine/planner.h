#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>

#include "engine/pbqp.h"
#include "engine/plan.h"

namespace convlens {

/// Makes a plan: resolves the graph, then walks it forwards and, if gradients are wanted, backwards. Internal to
/// make_plan.
class Planner {
 public:
  Planner(const Model& model, const PlanRequest& request);
  Plan make();

 private:
  /// An input or a layer's output.
  struct Value {
    std::string name;
    int producer = -1;         // node, or -1 for an input
    std::vector<int> readers;  // nodes
    bool kept = false;         // somebody outside wants it: nothing may overwrite it or fuse it away
    bool loss = false, gradient_wanted = false, needs_gradient = false;
    Shape shape;
    Slot slot;                      // as produced
    std::map<Layout, Slot> copies;  // reordered for readers
    int alias_of = -1;              // the value whose memory it shares
    Slot gradient;
    bool has_gradient = false;  // something has been written there already
  };

  /// A way to do a layer's forward work, and what it costs with the backward work.
  struct Option {
    IoLayout io;
    const Variant* variant = nullptr;  // none: there is nothing to compute
    std::optional<double> seconds;
  };

  /// A layer.
  struct Node {
    std::shared_ptr<const Layer> layer;
    std::vector<int> inputs;
    int output = -1;
    Problem problem;  // as the forward pass solves it
    std::vector<Slot> input_slots;
    bool computed = false;  // by a step of its own; otherwise it is a view, or its producer did its work
    bool activated_by_producer = false;
    bool needs_data_gradient = false, needs_weight_gradient = false;
    int notes = -1;                // piece that holds what the forward pass saves
    std::optional<Option> chosen;  // by costs
    std::vector<Refusal> refused;  // what was not chosen
  };

  struct Choice {
    const Variant* variant;
    Problem problem;
    std::vector<Refusal> refused;
  };

  using Layouts = std::function<std::vector<IoLayout>(const Variant&, const Problem&)>;

  // The graph (planner.cpp).
  void resolve();
  void add_node(const Layer& layer);
  std::set<std::string> needed_names() const;
  int value_named(const std::string& name) const;
  void mark_gradients();
  Saved saved_by(const Node& node) const;

  // Pieces and steps (planner.cpp).
  int new_piece(size_t bytes);
  void use(const Slot& slot) { use(slot.piece); }
  void use(int piece);
  Slot new_slot(const TensorDesc& desc) { return {desc, new_piece(desc.bytes())}; }
  void emit(Step step);
  void emit_move(Step::Kind kind, Pass pass, const std::string& layer, const Slot& from, const Slot& to);
  bool exclusive(int value) const;
  void offer(const std::vector<const Variant*>& variants, const Problem& base, const Layouts& layouts,
             const std::optional<Activation>& activation, std::vector<Refusal>& refused,
             const std::function<bool(Candidate)>& takes) const;
  std::optional<Choice> first_that_takes(const std::vector<const Variant*>& variants, const Problem& base,
                                         const Layouts& layouts, const std::optional<Activation>& activation,
                                         std::vector<Refusal>& refused) const;
  std::vector<Candidate> all_that_take(const std::vector<const Variant*>& variants, const Problem& base,
                                       const Layouts& layouts, const std::optional<Activation>& activation,
                                       std::vector<Refusal>& refused) const;

  // Choices by costs (plan_choices.cpp).
  void choose_by_costs();
  void choose(Node& node, const std::vector<Option>& options, size_t choice);
  std::vector<Layout> layouts_in_use() const;
  bool expects_activated_input(const Node& node) const;
  std::vector<Option> options_of(Node& node, const std::vector<Layout>& layouts) const;
  std::vector<Candidate> forward_candidates(Node& node, const std::vector<Layout>& layouts) const;
  std::optional<double> backward_seconds(const Node& node, const Problem& forward) const;
  std::vector<Candidate> backward_candidates(const Node& node, Pass pass, const Problem& forward,
                                             std::vector<Refusal>& refused) const;
  std::optional<Pbqp::Matrix> moves_between(int value, const std::vector<Option>& producer,
                                            const std::vector<Option>& reader) const;
  std::optional<double> move_seconds(const Shape& shape, Layout from, Layout to) const;
  std::vector<std::optional<double>> seconds_with_moves(const Node& node, const Problem& forward,
                                                        std::span<const Candidate> candidates) const;
  std::optional<Choice> cheapest_backward(const Node& node, Pass pass) const;

  // The forward pass (plan_forward.cpp).
  void plan_forward();
  void forward_node(Node& node);
  bool forward_without_work(Node& node);
  Slot slot_in_layout(int value, Layout layout, const std::string& layer);
  std::optional<Activation> fusable_activation(const Node& node) const;
  std::vector<const Variant*> forward_variants(const Node& node) const;
  Choice choose_forward(const Node& node) const;
  void compute_forward(Node& node, Choice choice);

  // The backward pass (plan_backward.cpp).
  void plan_backward();
  void backward_node(Node& node);
  void start_gradient(int value);
  Slot begin_contribution(int value, Layout layout);
  void end_contribution(int value, const Slot& slot, const std::string& layer);
  void pass_gradient(const Node& node, std::span<const int> inputs);
  void compute_backward(Node& node, Pass pass);
  static Problem backward_problem(Problem forward);
  Layouts backward_layouts(const Node& node, const Problem& forward) const;
  Choice choose_backward(const Node& node, Pass pass) const;
  Slot converted(const Slot& slot, Layout layout, const std::string& layer);
  bool adds_to_gradient(const Node& node, const Choice& choice);
  const Node* relu_before(const Node& node, const Choice& choice) const;
  std::vector<Slot> gradient_targets(Node& node, const Problem& problem, const Slot& grad_output);

  const Model& original_;
  const PlanRequest& request_;
  DataType type_;
  Model model_;  // rewritten
  std::vector<Value> values_;
  std::map<std::string, int> value_index_;
  std::vector<Node> nodes_;
  Plan plan_;
};

}  // namespace convlens
