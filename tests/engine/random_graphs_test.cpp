// Random graphs with branches, sums, concatenations, views, fused activations and losses as layers, run by the CPU with
// everything that the planner does to save time and memory, against the same graphs run by the reference loops in
// double with nothing of it.

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/json.h"
#include "tests/engine/made_up_costs.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

struct Case {
  ModelBuilder builder;
  std::vector<std::string> losses, observed, gradients;
};

class GraphMaker {
 public:
  explicit GraphMaker(uint64_t seed) : case_{ModelBuilder({1, 3, 12, 10}, seed)} {}

  Case make() {
    ModelBuilder& b = case_.builder;
    std::vector<std::string> same_shape{
        b.add("stem", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}})};
    const int layers = pick(4, 12);
    for (int i = 0; i < layers; ++i) {
      same_shape.push_back(add_layer("layer" + std::to_string(i), same_shape));
      if (pick(0, 3) == 0) loss_layers_.push_back(add_loss(same_shape.back()));
    }
    b.add("join", "add", Json::object(), {same_shape.back(), same_shape[static_cast<size_t>(pick(0, layers))]});
    b.add("drop", "dropout");
    b.add("flat", "flatten");
    b.add("scores", "linear", {{"out_features", 7}});
    case_.losses = loss_layers_;
    case_.losses.push_back("scores");
    for (const std::string& name : same_shape) {
      if (pick(0, 5) == 0) case_.losses.push_back(name);
      if (pick(0, 5) == 0) case_.observed.push_back(name);
      if (pick(0, 5) == 0 && name != same_shape.back()) wanted_.push_back(name);
    }
    case_.gradients = {"image"};
    for (const std::string& name : wanted_)
      if (leads_to_scores(name)) case_.gradients.push_back(name);
    return std::move(case_);
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(case_.builder.random()); }

  const std::string& any(const std::vector<std::string>& names) {
    return names[static_cast<size_t>(
        pick(std::max(0, static_cast<int>(names.size()) - 3), static_cast<int>(names.size()) - 1))];
  }

  std::string add_layer(const std::string& name, const std::vector<std::string>& before) {
    ModelBuilder& b = case_.builder;
    const std::string& x = any(before);
    switch (pick(0, 7)) {
      case 0: return b.add(name, "relu", Json::object(), {x});
      // ReLU6: a variant's error is relative to the largest of its results, which the limit may not be far below.
      case 1: return b.add(name, "relu", {{"max_value", 6.0}}, {x});
      case 2: return b.add(name, "batch_norm", Json::object(), {x});
      case 3: return b.add(name, "max_pool2d", {{"kernel_size", 3}, {"stride", 1}, {"padding", 1}}, {x});
      case 4: return b.add(name, "add", Json::object(), {x, any(before)});
      case 5: {
        b.add(name + "_cat", "concat", Json::object(), {x, any(before)});
        return b.add(name, "conv2d", {{"out_channels", 16}, {"kernel_size", 1}});
      }
      case 6: return b.add(name, "sigmoid", Json::object(), {x});
      default: {
        b.add(name + "_conv", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}, {"bias", false}},
              {x});
        b.add(name + "_bn", "batch_norm");
        return b.add(name, "relu");
      }
    }
  }

  std::string add_loss(const std::string& of) {
    ModelBuilder& b = case_.builder;
    switch (pick(0, 2)) {
      case 0: return b.add(of + "_gram_loss", "gram_loss", Json::object(), {of});
      case 1: return b.add(of + "_mse_loss", "mse_loss", {{"reduction", "sum"}}, {of});
      default: return b.add(of + "_variation", "total_variation", Json::object(), {of});
    }
  }

  bool leads_to_scores(const std::string& name) const {
    std::set<std::string> reached{name};
    for (const Layer& layer : case_.builder.model().layers)
      for (const std::string& input : layer.inputs)
        if (reached.contains(input)) reached.insert(layer.name);
    return reached.contains("scores");
  }

  Case case_;
  std::vector<std::string> wanted_, loss_layers_;
};

class RandomGraphs : public ::testing::TestWithParam<int> {};

void expect_agreement_with_the_reference(uint64_t seed, std::shared_ptr<Costs> costs) {
  Case c = GraphMaker(seed).make();
  const Model& model = c.builder.model();
  const Array image = random_array(model.inputs[0].shape, c.builder.random());
  std::vector<Loss> losses;
  for (const std::string& layer : c.losses)
    losses.push_back(projection(layer, random_array(c.builder.shape(layer), c.builder.random())));

  PlanRequest request{.observe = c.observed, .losses = c.losses, .gradients = c.gradients, .costs = std::move(costs)};
  Session cpu(model, request);
  request.device = Device::reference;
  request.rewrite = false;
  request.costs = nullptr;
  Session reference(model, request);
  for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided}) {
    for (Session* session : {&cpu, &reference}) {
      session->set_input("image", image);
      session->forward();
    }
    for (const auto* names : {&c.observed, &c.losses})
      for (const std::string& name : *names)
        EXPECT_LE(relative_difference(cpu.value(name), reference.value(name)), 2e-5) << name;
    const double a = cpu.backward(losses, mode), b = reference.backward(losses, mode);
    EXPECT_NEAR(a, b, 1e-3 * (1 + std::abs(b)));
    for (const std::string& name : c.gradients)
      EXPECT_LE(relative_difference(cpu.gradient(name), reference.gradient(name)), 1e-4)
          << name << " " << to_string(mode);
  }
}

TEST_P(RandomGraphs, CpuAgreesWithTheReference) {
  expect_agreement_with_the_reference(static_cast<uint64_t>(GetParam()), nullptr);
}

// Whatever variants, layouts and reorders costs lead to.
TEST_P(RandomGraphs, CpuAgreesWithTheReferenceByAnyCosts) {
  const auto seed = static_cast<uint64_t>(GetParam());
  expect_agreement_with_the_reference(seed, std::make_shared<RandomCosts>(seed));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, ::testing::Range(0, 80));

}  // namespace
}  // namespace convlens::test
