// The loop that all optimisations of images share, on small networks: where it ends, what it says of numbers that are
// none, and that it goes on to the same bits.

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "viz/config.h"
#include "viz/optimisation/graph_builder.h"
#include "viz/optimisation/loop.h"
#include "viz/optimisation/not_finite.h"
#include "viz/optimisation/objective.h"
#include "viz/optimisation/session_evaluator.h"

namespace convlens::viz {
namespace {

/// A run in a folder of its own, whose objective is the sum of squares of x - 0.5 over 1 x 1 x 2 x 2 pixels.
class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    GraphBuilder graph("quadratic");
    graph.image_input("x", 1, 2, 2);
    Array one({1, 1, 1, 1}, 1), minus_half({1}, -0.5F);
    graph.add("moved", "conv2d", {"x"}, {{"out_channels", 1}, {"kernel_size", 1}}, {one, minus_half});
    graph.add("squares", "alpha_norm", {"moved"}, {{"alpha", 2}});
    model_ = graph.model();
    keys_.checkpoint_steps = 1000;
  }

  static Objective quadratic() { return Objective({{"squares", layer_sum("squares"), 2}}); }

  /// A program's work from its folder to its results. With `identity` another configuration is meant.
  LoopResult minimise(OutputFolder folder, const LoopHooks& hooks = {}, const std::string& identity = "this",
                      const std::string& lr = "0.1") {
    return minimise(folder, quadratic(), hooks, identity, lr);
  }

  LoopResult minimise(OutputFolder& folder, const Objective& objective, const LoopHooks& hooks,
                      const std::string& identity, const std::string& lr) {
    RunConfig config;
    config.keys.device = "cpu";
    Section section;
    viz::Run run(config, model_, section, &folder);
    run.identity = identity;
    Checkpoint checkpoint(run);
    auto session = std::make_unique<Session>(model_, PlanRequest{.losses = objective.layers(), .gradients = {"x"}});
    const auto minimiser = make_minimiser("adam", {{"lr", Json::parse(lr)}}, {1, 1, 2, 2});
    SessionEvaluator evaluator(objective, model_, std::move(session), "x");
    Loop loop(run, "test", keys_, checkpoint, evaluator, hooks);
    return loop.minimise(*minimiser, Array({1, 1, 2, 2}, 1));
  }

  /// The message of the InputError that a work ends with.
  template <class Work>
  static std::string refusal(Work work) {
    try {
      work();
    } catch (const InputError& error) {
      return error.what();
    }
    return "it was not refused";
  }

  /// Hooks of a work that is interrupted after that step.
  static LoopHooks interrupted_after(int64_t last) {
    return {.after = [last](int64_t step, Array&) {
      if (step == last) throw std::runtime_error("interrupted");
    }};
  }

  test::TemporaryFolder root_;
  LoopKeys keys_;
  Model model_;
};

TEST_F(LoopTest, WithoutStepsEvaluatesTheStart) {
  keys_.steps = 0;
  const LoopResult result = minimise(OutputFolder::fresh(root_ / "out"));
  EXPECT_EQ(result.x.values, std::vector<float>(4, 1));
  EXPECT_EQ(result.totals, std::vector<double>{2});  // 2 * 4 * 0.5^2
  EXPECT_EQ(result.terms, std::vector<std::vector<double>>{{2}});
  EXPECT_EQ(result.reason, "all steps are done");
}

TEST_F(LoopTest, FindsTheMinimum) {
  keys_.steps = 200;
  const LoopResult result = minimise(OutputFolder::fresh(root_ / "out"));
  EXPECT_EQ(result.totals.size(), 201U);
  for (const float x : result.x.values) EXPECT_NEAR(x, 0.5, 1e-3);
}

TEST_F(LoopTest, EndsWhereTheGoalIsReached) {
  int evaluations = 0;
  const LoopResult result =
      minimise(OutputFolder::fresh(root_ / "out"), {.reached = [&](const Array&) { return ++evaluations == 4; }});
  EXPECT_EQ(result.totals.size(), 4U);
  EXPECT_EQ(result.reason, "the goal is reached");
}

TEST_F(LoopTest, TakesSnapshots) {
  keys_.steps = 7;
  keys_.snapshot_steps = 3;
  const LoopResult result = minimise(OutputFolder::fresh(root_ / "out"),
                                     {.picture = [](const Array& x) { return make_image(1, 2, 2, x.values[0] / 2); }});
  ASSERT_EQ(result.snapshots.size(), 3U);
  EXPECT_EQ(result.snapshots[2].step, 6);
  EXPECT_LT(result.snapshots[2].image.values[0], result.snapshots[0].image.values[0]);
}

TEST_F(LoopTest, GoesOnToTheSameBits) {
  keys_.steps = 20;
  keys_.snapshot_steps = 4;
  const auto picture = [](const Array& x) { return make_image(1, 2, 2, x.values[0] / 2); };
  const LoopResult whole = minimise(OutputFolder::fresh(root_ / "whole"), {.picture = picture});
  keys_.checkpoint_steps = 5;
  LoopHooks hooks = interrupted_after(12);
  hooks.picture = picture;
  EXPECT_THROW(minimise(OutputFolder::fresh(root_ / "parts"), hooks), std::runtime_error);
  int64_t first = -1;
  const LoopResult parts = minimise(OutputFolder::resumed(root_ / "parts"), {.after =
                                                                                 [&](int64_t step, Array&) {
                                                                                   if (first < 0) first = step;
                                                                                 },
                                                                             .picture = picture});
  EXPECT_EQ(first, 10);  // it did go on
  EXPECT_EQ(parts.x.values, whole.x.values);
  EXPECT_EQ(parts.totals, whole.totals);
  EXPECT_EQ(parts.terms, whole.terms);
  ASSERT_EQ(parts.snapshots.size(), whole.snapshots.size());
  for (size_t i = 0; i < parts.snapshots.size(); ++i)
    EXPECT_EQ(encode_png(parts.snapshots[i].image), encode_png(whole.snapshots[i].image));
}

TEST_F(LoopTest, WhatWasFinishedIsNotDoneAgain) {
  keys_.steps = 3;
  {
    // A program that ends between the loop and its results keeps the loop's.
    OutputFolder folder = OutputFolder::fresh(root_ / "out");
    minimise(folder, quadratic(), {}, "this", "0.1");
  }
  const LoopResult result = minimise(OutputFolder::resumed(root_ / "out"), {.reached = [](const Array&) {
                                       ADD_FAILURE() << "evaluated again";
                                       return false;
                                     }});
  EXPECT_EQ(result.totals.size(), 4U);
}

TEST_F(LoopTest, RefusesACheckpointOfAnotherConfiguration) {
  keys_.checkpoint_steps = 5;
  EXPECT_THROW(minimise(OutputFolder::fresh(root_ / "out"), interrupted_after(12)), std::runtime_error);
  const std::string message = refusal([&] { minimise(OutputFolder::resumed(root_ / "out"), {}, "another"); });
  EXPECT_NE(message.find("is of another configuration, model, photo or version"), std::string::npos) << message;
}

TEST_F(LoopTest, NamesTheLayerWhoseOutputIsNotFinite) {
  keys_.steps = 5;
  const auto poison = [](int64_t step, Array& x) {
    if (step == 2) x.values[1] = 1e30F;
  };
  const std::string message = refusal([&] { minimise(OutputFolder::fresh(root_ / "out"), {.after = poison}); });
  EXPECT_NE(message.find("test: at step 3 the output of layer 'squares' is not finite"), std::string::npos) << message;
}

TEST_F(LoopTest, NamesTheLayerWhoseGradientIsNotFinite) {
  keys_.steps = 5;
  OutputFolder folder = OutputFolder::fresh(root_ / "out");
  Loss loss = layer_sum("moved");
  loss.evaluate = [](const Array&, Array& gradient) {
    gradient.values[0] = NAN;
    return 1.0;
  };
  const std::string message = refusal([&] {
    minimise(folder, Objective({{"squares", layer_sum("squares")}, {"broken", loss}}), {}, "this", "0.1");
  });
  EXPECT_NE(message.find("test: at step 0 the gradient of layer 'moved' is not finite"), std::string::npos) << message;
}

TEST_F(LoopTest, LooksForWhatIsNotFiniteBesideLayersWithoutLoss) {
  GraphBuilder graph("two ends");
  graph.image_input("x", 1, 2, 2);
  graph.add("squares", "alpha_norm", {"x"}, {{"alpha", 2}});
  graph.add("seen", "relu", {"x"});
  Session session(graph.model(), {.observe = {"seen"}, .losses = {"squares"}, .gradients = {"x"}});
  session.set_input("x", Array({1, 1, 2, 2}, 1));
  const Loss losses[] = {layer_sum("squares")};
  EXPECT_EQ(first_not_finite(graph.model(), session, losses), "");
  session.set_input("x", Array({1, 1, 2, 2}, 1e30F));
  EXPECT_EQ(first_not_finite(graph.model(), session, losses), "the output of layer 'squares'");
}

}  // namespace
}  // namespace convlens::viz
