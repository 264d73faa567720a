// Plans by costs: which variants and layouts are taken, and that what was measured is found again.

#include <gtest/gtest.h>

#include "engine/measured_costs.h"
#include "kernels/base/error.h"
#include "tests/engine/made_up_costs.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

ModelBuilder two_convolutions() {
  ModelBuilder b({1, 16, 24, 24});
  for (const char* name : {"conv1", "conv2"})
    b.add(name, "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}});
  return b;
}

/// Variants of the forward pass, in the order of the layers, with "reorder" in between.
std::vector<std::string> forward_steps(const Plan& plan) {
  std::vector<std::string> names;
  for (int i = 0; i < plan.backward_begin; ++i) {
    const Step& step = plan.steps[static_cast<size_t>(i)];
    names.push_back(step.variant ? step.variant->name : "reorder");
  }
  return names;
}

std::map<std::string, double> costs_of_all(double direct, double plain) {
  std::map<std::string, double> seconds{{"onednn_direct", direct}, {"onednn_plain", plain}};
  for (const char* name : {"winograd_4x4", "winograd_6x6", "onednn_winograd", "onednn_winograd_rotated", "depthwise"})
    seconds[name] = 9;
  return seconds;
}

TEST(Costs, ThoseThatAreKnownDecide) {
  const auto b = two_convolutions();
  const auto plan = [&](double direct, double plain) {
    return make_plan(b.model(),
                     {.observe = {"conv2"}, .costs = std::make_shared<CostsByName>(costs_of_all(direct, plain))});
  };
  EXPECT_EQ(forward_steps(plan(5, 1)), (std::vector<std::string>{"onednn_plain", "onednn_plain"}));
  // The image comes in NCHW: one reorder for two convolutions that are faster by 0.6 each.
  EXPECT_EQ(forward_steps(plan(1, 1.6)), (std::vector<std::string>{"reorder", "onednn_direct", "onednn_direct"}));
  EXPECT_EQ(forward_steps(plan(1, 1.4)), (std::vector<std::string>{"onednn_plain", "onednn_plain"}));
}

TEST(Costs, OfTheGradientCountAsWell) {
  const auto b = two_convolutions();
  auto costs = costs_of_all(9, 3);
  costs["forward onednn_plain"] = 1.4;
  costs["winograd_4x4"] = 1;
  PlanRequest request{.observe = {"conv2"}, .costs = std::make_shared<CostsByName>(costs)};
  EXPECT_EQ(forward_steps(make_plan(b.model(), request)), (std::vector<std::string>{"onednn_plain", "onednn_plain"}));
  request.losses = {"conv2"};
  request.gradients = {"image"};
  const Plan plan = make_plan(b.model(), request);
  EXPECT_EQ(forward_steps(plan), (std::vector<std::string>{"reorder", "winograd_4x4", "winograd_4x4"}));
  for (const Step& step : plan.steps)
    if (step.variant) {
      EXPECT_EQ(step.variant->name, "winograd_4x4") << to_string(step.pass);
    }
}

TEST(Costs, PrioritiesDecideWhereOneIsMissing) {
  const auto b = two_convolutions();
  const Plan by_priority = make_plan(b.model(), {.observe = {"conv2"}, .costs = nullptr});
  const Plan plan = make_plan(
      b.model(), {.observe = {"conv2"},
                  .costs = std::make_shared<CostsByName>(std::map<std::string, double>{{"onednn_plain", 1}})});
  EXPECT_EQ(forward_steps(plan), forward_steps(by_priority));
}

TEST(Costs, DoNotOvercomeExactness) {
  const auto b = two_convolutions();
  auto costs = costs_of_all(2, 2);
  costs["winograd_6x6"] = 0.01;
  const auto steps = [&](double most_error) {
    return forward_steps(make_plan(
        b.model(), {.observe = {"conv2"}, .most_error = most_error, .costs = std::make_shared<CostsByName>(costs)}));
  };
  EXPECT_EQ(steps(1e-5), (std::vector<std::string>{"reorder", "winograd_6x6", "winograd_6x6"}));
  for (const std::string& name : steps(5e-6)) EXPECT_NE(name, "winograd_6x6");
}

TEST(MeasuringCosts, KnowsAfterwardsWhatItMeasured) {
  const auto b = two_convolutions();
  const auto measuring = std::make_shared<MeasuringCosts>();
  const PlanRequest request{.losses = {"conv2"}, .gradients = {"image"}, .costs = measuring};
  const Plan plan = make_plan(b.model(), request);
  ASSERT_GT(measuring->size(), 0U);

  const auto known = std::make_shared<MeasuredCosts>();
  known->add_json(measuring->to_json());
  EXPECT_EQ(known->size(), measuring->size());
  PlanRequest again = request;
  again.costs = known;
  EXPECT_EQ(forward_steps(make_plan(b.model(), again)), forward_steps(plan));
  // Of another size nothing is known, so priorities decide.
  PlanRequest other = again, by_priority = again;
  other.batch = by_priority.batch = 2;
  by_priority.costs = nullptr;
  EXPECT_EQ(forward_steps(make_plan(b.model(), other)), forward_steps(make_plan(b.model(), by_priority)));
}

TEST(MeasuredCosts, TakesNoTimesThatAreNone) {
  MeasuredCosts costs;
  EXPECT_THROW(costs.add_json(Json::array()), InputError);
  EXPECT_THROW(costs.add_json({{"work", "fast"}}), InputError);
  EXPECT_THROW(costs.add_json({{"work", -1}}), InputError);
}

}  // namespace
}  // namespace convlens::test
