#include "engine/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/fold.h"
#include "engine/gradcheck.h"
#include "kernels/base/error.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

ModelBuilder small_network() {
  ModelBuilder b({1, 3, 16, 16});
  b.add("conv1", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}, {"bias", false}});
  b.add("bn1", "batch_norm");
  b.add("relu1", "relu");
  b.add("conv2", "conv2d", {{"out_channels", 32}, {"kernel_size", 3}, {"stride", 2}});
  b.add("relu2", "relu");
  b.add("pool", "adaptive_avg_pool2d");
  b.add("fc", "linear", {{"out_features", 5}});
  return b;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

bool runs_layer(const Plan& plan, const std::string& layer) {
  return std::ranges::any_of(plan.steps,
                             [&](const Step& s) { return s.layer == layer && s.kind == Step::Kind::kernel; });
}

TEST(Plan, StopsAtTheDeepestLayerAskedFor) {
  const auto b = small_network();
  const Plan plan = make_plan(b.model(), {.observe = {"relu1"}});
  EXPECT_FALSE(runs_layer(plan, "conv2"));
  EXPECT_EQ(plan.backward_begin, static_cast<int>(plan.steps.size()));
}

TEST(Plan, FoldsBatchNormAndFusesTheActivation) {
  const auto b = small_network();
  const Plan plan = make_plan(b.model(), {.observe = {"fc"}});
  EXPECT_FALSE(runs_layer(plan, "conv1"));
  EXPECT_TRUE(runs_layer(plan, "bn1"));  // the convolution under the name of its last part
  EXPECT_FALSE(runs_layer(plan, "relu1"));
  EXPECT_EQ(plan.fused.at("relu1"), "bn1");
}

TEST(Plan, TakesNoVariantLessExactThanAllowed) {
  ModelBuilder b({1, 32, 56, 56});
  b.add("conv", "conv2d", {{"out_channels", 32}, {"kernel_size", 3}, {"padding", 1}});
  const auto worst = [&](double most_error) {
    const Plan plan = make_plan(b.model(), {.losses = {"conv"}, .gradients = {"image"}, .most_error = most_error});
    double result = 0;
    for (const Step& step : plan.steps)
      if (step.variant) result = std::max(result, step.variant->relative_error);
    return result;
  };
  EXPECT_EQ(worst(1e-5), 1e-5);  // Winograd's
  EXPECT_LE(worst(2e-6), 2e-6);
}

TEST(Plan, TakesWeightsOf16BitsOnlyWhereThatIsExactEnough) {
  ModelBuilder b({1, 512, 1, 1});
  b.add("fc", "linear", {{"out_features", 64}});
  const auto error_of_fc = [&](double most_error) {
    return make_plan(b.model(), {.observe = {"fc"}, .most_error = most_error}).steps.back().variant->relative_error;
  };
  EXPECT_EQ(error_of_fc(1e-3), variants("linear", Pass::forward, Device::cpu).front()->relative_error);
  EXPECT_LE(error_of_fc(5e-5), 5e-5);
}

TEST(Plan, TakesBfloat16OnlyWhereThatIsExactEnough) {
  ModelBuilder b({1, 64, 8, 8});
  b.add("conv", "conv2d", {{"out_channels", 64}, {"kernel_size", 1}});
  const auto variant_of_conv = [&](double most_error) {
    return make_plan(b.model(), {.observe = {"conv"}, .most_error = most_error}).steps.back().variant;
  };
  EXPECT_NE(variant_of_conv(1e-3)->name, "onednn_direct_bf16");
  const auto all = variants("conv2d", Pass::forward, Device::cpu);
  const Variant& bf16 = **std::ranges::find(all, "onednn_direct_bf16", &Variant::name);
  const Plan plan = make_plan(b.model(), {.observe = {"conv"}});
  const bool refused = bf16.refuses(plan.steps.back().problem).has_value();  // by processors without such arithmetic
  EXPECT_EQ(variant_of_conv(1e-2) == &bf16, !refused);
}

TEST(Plan, KeepsWhatIsObserved) {
  const auto b = small_network();
  const Plan plan = make_plan(b.model(), {.observe = {"conv1", "bn1", "fc"}});
  EXPECT_TRUE(runs_layer(plan, "conv1"));
  EXPECT_TRUE(runs_layer(plan, "relu1"));
}

TEST(Plan, SavesNothingThatFrozenWeightsDoNotNeed) {
  const auto b = small_network();
  const Plan frozen = make_plan(b.model(), {.losses = {"fc"}, .gradients = {"image"}});
  for (const Step& step : frozen.steps)
    EXPECT_TRUE(step.pass != Pass::backward_data || step.inputs.empty()) << step.layer;
  const Plan training = make_plan(b.model(), {.losses = {"fc"}, .gradients = {"image"}, .weight_gradients = true});
  EXPECT_GT(training.arena_bytes, frozen.arena_bytes);
  EXPECT_EQ(training.weight_gradients.at("conv2").size(), 2U);
}

TEST(Plan, UsesLessMemoryThanItsTensorsTogether) {
  const auto b = small_network();
  const Plan plan = make_plan(b.model(), {.losses = {"fc"}, .gradients = {"image"}});
  size_t sum = 0;
  for (const Lifetime& piece : plan.pieces) sum += piece.bytes;
  EXPECT_LT(plan.arena_bytes, sum);
}

TEST(Plan, AnUnknownLayerIsNamedWithTheNearest) {
  const auto b = small_network();
  EXPECT_EQ(error_of([&] { make_plan(b.model(), {.observe = {"relu_1"}}); }),
            "the model 'test' has no layer 'relu_1'; the nearest are 'relu1', 'relu2', 'conv1'");
}

TEST(Plan, AVariantThatRefusesIsAnError) {
  const auto b = small_network();
  const auto with = [&](const std::string& variant) {
    return error_of([&] { make_plan(b.model(), {.observe = {"fc"}, .variants = {{"conv2", variant}}}); });
  };
  EXPECT_NE(with("onednn_winograd").find("onednn_winograd: oneDNN has no such convolution"), std::string::npos);
  EXPECT_NE(with("onednn_direkt").find("the nearest are 'onednn_direct'"), std::string::npos);
}

TEST(Plan, AGradientThatNoLossReachesIsAnError) {
  const auto b = small_network();
  EXPECT_NE(error_of([&] { make_plan(b.model(), {.losses = {"relu1"}, .gradients = {"conv2"}}); }), "no error");
}

TEST(Plan, SizesThatDoNotFitNameTheLayer) {
  const auto b = small_network();
  const std::string error = error_of([&] {
    make_plan(b.model(), {.input_shapes = {{"image", {1, 3, 2, 2}}}, .observe = {"fc"}});
  });
  EXPECT_NE(error.find("layer 'conv2' (conv2d of 1x16x2x2)"), std::string::npos) << error;
}

TEST(Session, GivesTheSameBitsTwice) {
  auto b = small_network();
  Session session(b.model(), {.losses = {"fc"}, .gradients = {"image"}});
  const Array image = random_array(b.model().inputs[0].shape, b.random());
  const Loss losses[] = {class_score("fc", 3)};
  std::vector<float> first;
  for (int i = 0; i < 3; ++i) {
    session.set_input("image", image);
    session.forward();
    session.backward(losses);
    if (i == 0) first = session.gradient("image").values;
    EXPECT_EQ(session.gradient("image").values, first);
  }
}

TEST(Session, BatchesAreImagesSideBySide) {
  auto b = small_network();
  Session two(b.model(), {.batch = 2, .observe = {"fc"}}), one(b.model(), {.observe = {"fc"}});
  const Array images = random_array({2, 3, 16, 16}, b.random());
  two.set_input("image", images);
  two.forward();
  for (int64_t i = 0; i < 2; ++i) {
    Array image({1, 3, 16, 16});
    std::copy_n(images.values.begin() + i * 768, 768, image.values.begin());
    one.set_input("image", image);
    one.forward();
    Array scores({1, 5, 1, 1});
    std::copy_n(two.value("fc").values.begin() + i * 5, 5, scores.values.begin());
    EXPECT_LE(relative_difference(scores, one.value("fc")), 1e-5);
  }
}

TEST(Session, WeightGradientsAreThoseOfTheReference) {
  auto b = small_network();
  PlanRequest request{.losses = {"fc"}, .weight_gradients = true};
  const Array image = random_array({1, 3, 16, 16}, b.random());
  const Loss losses[] = {projection("fc", random_array({1, 5, 1, 1}, b.random()))};
  Session cpu(b.model(), request);
  request.device = Device::reference;
  Session reference(b.model(), request);
  for (Session* session : {&cpu, &reference}) {
    session->set_input("image", image);
    session->forward();
    session->backward(losses);
  }
  for (const std::string layer : {"conv1", "bn1", "conv2", "fc"}) {
    const auto found = cpu.weight_gradients(layer), expected = reference.weight_gradients(layer);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_LE(relative_difference(found[i], expected[i]), 1e-5) << layer << " " << i;
  }
}

TEST(Gradcheck, PassesATrueNetworkAndCountsKinks) {
  const auto b = small_network();
  const GradcheckResult result = check_gradients(b.model(), {.samples = 20});
  EXPECT_TRUE(result.passed);
  EXPECT_EQ(result.layers.size(), b.model().layers.size());
  for (const LayerCheck& layer : result.layers) EXPECT_EQ(layer.checked + layer.kinks, 20) << layer.layer;
}

}  // namespace
}  // namespace convlens::test
