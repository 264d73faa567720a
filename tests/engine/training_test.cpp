// What training asks of the engine: weights that change between steps, and cross-entropy.

#include <gtest/gtest.h>

#include "kernels/base/error.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

ModelBuilder classifier() {
  ModelBuilder b({1, 3, 9, 9});
  b.add("conv1", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}});
  b.add("norm", "batch_norm_train");
  b.add("relu", "relu");
  b.add("mean", "adaptive_avg_pool2d");
  b.add("scores", "linear", {{"out_features", 4}});
  return b;
}

class Training : public ::testing::TestWithParam<Device> {};

// Packed weights, and those that were uploaded, must all be made anew.
TEST_P(Training, ReloadedWeightsAreThoseOfANewSession) {
  ModelBuilder b = classifier();
  const PlanRequest request{
      .device = GetParam(), .batch = 3, .losses = {"scores"}, .gradients = {"image"}, .weight_gradients = true};
  const Array images = random_array({3, 3, 9, 9}, b.random());
  const std::vector<Loss> losses{cross_entropy("scores", {2, 0, 3})};
  const auto run = [&](Session& session) {
    session.set_input("image", images);
    session.forward();
    return session.backward(losses);
  };
  Session kept(b.model(), request);
  const double before = run(kept);
  for (const Layer& layer : b.model().layers)
    for (const Weight& weight : layer.weights)
      for (int64_t i = 0; i < weight.shape.elements(); ++i) const_cast<float*>(weight.data.get())[i] *= 1.5F;
  kept.reload_weights();
  Session made_anew(b.model(), request);
  const double after = run(kept);
  EXPECT_NE(after, before);
  EXPECT_EQ(after, run(made_anew));
  EXPECT_EQ(kept.gradient("image").values, made_anew.gradient("image").values);
  EXPECT_EQ(kept.weight_gradients("conv1")[0].values, made_anew.weight_gradients("conv1")[0].values);
}

INSTANTIATE_TEST_SUITE_P(Devices, Training, ::testing::Values(Device::cpu, Device::simt, Device::reference),
                         [](const auto& info) { return to_string(info.param); });

TEST(CrossEntropy, ItsGradientIsTheFiniteDifference) {
  const Loss loss = cross_entropy("scores", {1, 2});
  Array value({2, 3, 1, 1}), gradient({2, 3, 1, 1});
  value.values = {0.3F, -1.2F, 2.0F, 80.0F, 79.0F, -200.0F};  // the last would overflow exp()
  const double at = loss.evaluate(value, gradient);
  EXPECT_NEAR(at,
              (std::log(std::exp(0.3) + std::exp(-1.2) + std::exp(2.0)) + 1.2 + 280 + std::log1p(std::exp(-1.0))) / 2,
              1e-5);
  for (size_t i = 0; i < 3; ++i) {
    Array ignored({2, 3, 1, 1}), moved = value;
    moved.values[i] += 1e-2F;
    const double up = loss.evaluate(moved, ignored);
    moved.values[i] -= 2e-2F;
    EXPECT_NEAR((up - loss.evaluate(moved, ignored)) / 2e-2, gradient.values[i], 1e-4);
  }
}

TEST(CrossEntropy, RefusesLabelsThatTheLayerHasNot) {
  Array value({1, 3, 1, 1}), gradient({1, 3, 1, 1});
  EXPECT_THROW(cross_entropy("scores", {3}).evaluate(value, gradient), InputError);
  EXPECT_THROW(cross_entropy("scores", {0, 1}).evaluate(value, gradient), InputError);
}

}  // namespace
}  // namespace convlens::test
