// ReLUs whose gradient the kernel behind them passes on: the plan has no step of theirs, the numbers are the same.

#include <gtest/gtest.h>

#include "kernels/base/registry.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

const Variant* backward_variant(const Plan& plan, const std::string& layer) {
  for (const Step& step : plan.steps)
    if (step.layer == layer && step.pass == Pass::backward_data && step.variant) return step.variant;
  return nullptr;
}

class FusedBackward : public ::testing::Test {
 protected:
  // As in VGG: one ReLU lies before a pool, the other before a convolution.
  FusedBackward() : builder_({1, 3, 20, 24}) {
    const Json conv = {{"out_channels", 24}, {"kernel_size", 3}, {"padding", 1}};
    builder_.add("conv1", "conv2d", conv);
    builder_.add("relu1", "relu");
    builder_.add("pool", "max_pool2d", {{"kernel_size", 2}, {"stride", 2}});
    builder_.add("conv2", "conv2d", conv);
    builder_.add("relu2", "relu", {{"max_value", 1.5}});
    builder_.add("conv3", "conv2d", conv);
    request_.variants = {{"conv2", "winograd_4x4"}, {"conv3", "winograd_4x4"}};
    request_.most_error = 1e-5;
    request_.losses = {"conv3"};
    request_.gradients = {"image"};
  }

  Array gradient(const PlanRequest& request, BackwardMode mode) {
    std::mt19937_64 random(7);
    Session session(builder_.model(), request);
    session.set_input("image", random_array(builder_.shape("image"), random));
    session.forward();
    const Loss losses[] = {projection("conv3", random_array(builder_.shape("conv3"), random))};
    session.backward(losses, mode);
    return session.gradient("image");
  }

  ModelBuilder builder_;
  PlanRequest request_;
};

TEST_F(FusedBackward, GivesWhatTheReferenceDoes) {
  const Plan plan = make_plan(builder_.model(), request_);
  EXPECT_EQ(plan.fused_backward.at("relu1"), "pool");
  // Where the library is compiled for narrower vectors than the processor has, oneDNN's convolution comes first.
  if (backward_variant(plan, "conv3")->masks_gradient) {
    EXPECT_EQ(plan.fused_backward.at("relu2"), "conv3");
  }
  for (const auto& [relu, layer] : plan.fused_backward) EXPECT_EQ(backward_variant(plan, relu), nullptr) << relu;
  for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided, BackwardMode::deconvnet}) {
    PlanRequest reference = request_;
    reference.device = Device::reference;
    reference.variants.clear();
    EXPECT_LT(relative_difference(gradient(request_, mode), gradient(reference, mode)), 1e-4) << to_string(mode);
  }
}

TEST_F(FusedBackward, NotWhereSomebodyLooksAtTheGradientBetween) {
  request_.gradients = {"image", "relu1"};
  request_.losses = {"conv3", "relu2"};
  const Plan plan = make_plan(builder_.model(), request_);
  EXPECT_TRUE(plan.fused_backward.empty());
}

TEST_F(FusedBackward, NotWhereTheReluHasAnotherReader) {
  builder_.add("sum", "add", Json::object(), {"conv3", "relu2"});
  request_.losses = {"sum"};
  EXPECT_FALSE(make_plan(builder_.model(), request_).fused_backward.contains("relu2"));
}

TEST_F(FusedBackward, NotWhereNothingIsToBeRewritten) {
  request_.rewrite = false;
  EXPECT_TRUE(make_plan(builder_.model(), request_).fused_backward.empty());
}

}  // namespace
}  // namespace convlens::test
