// The objective of a style transfer as layers: losses hang on features and on the image, and one sweep back from all of
// them gives the image the sum of their gradients, on every device.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/optimiser.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

// Each loss stands right after what it reads, so that the sweep reaches it last and it adds to what has come from
// below.
ModelBuilder style_transfer() {
  ModelBuilder b({1, 3, 11, 9});
  b.add("variation", "total_variation", Json::object(), {"image"});
  b.add("l2", "alpha_norm", Json::object(), {"image"});
  b.add("conv1", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}}, {"image"});
  b.add("features1", "tanh");
  b.add("style1", "gram_loss", {{"divisor", "hw"}, {"weight", 2}}, {"features1"});
  b.add("conv2", "conv2d", {{"out_channels", 5}, {"kernel_size", 3}, {"stride", 2}}, {"features1"});
  b.add("features2", "sigmoid");
  b.add("content", "mse_loss", {{"reduction", "sum"}}, {"features2"});
  b.add("style2", "gram_loss", {{"divisor", "none"}}, {"features2"});
  return b;
}

const std::vector<std::string> terms{"variation", "l2", "style1", "content", "style2"};

PlanRequest request(Device device) { return {.device = device, .batch = 2, .losses = terms, .gradients = {"image"}}; }

double objective(Session& session, const Array& image) {
  session.set_input("image", image);
  session.forward();
  Array ones({2, 1, 1, 1});
  std::ranges::fill(ones.values, 1.0F);
  return std::accumulate(terms.begin(), terms.end(), 0.0,
                         [&](double sum, const std::string& term) { return sum + session.dot(term, ones); });
}

Array gradient(Session& session, const Array& image) {
  std::vector<Loss> losses;
  for (const std::string& term : terms) losses.push_back(class_score(term, 0));
  const double sum = objective(session, image), returned = session.backward(losses);
  EXPECT_TRUE(std::abs(sum - returned) <= 1e-5 * std::abs(sum)) << sum << " " << returned;
  return session.gradient("image");
}

Array moved(const Array& from, const Array& direction, float step) {
  Array to = from;
  for (size_t i = 0; i < to.values.size(); ++i) to.values[i] += step * direction.values[i];
  return to;
}

class Objective : public ::testing::TestWithParam<Device> {};

TEST_P(Objective, OneSweepGivesTheSumOfAllGradients) {
  ModelBuilder b = style_transfer();
  Session session(b.model(), request(GetParam())), reference(b.model(), request(Device::reference));
  const Array image = random_array({2, 3, 11, 9}, b.random());
  const Array found = gradient(session, image);
  for (int repeat = 0; repeat < 3; ++repeat) {
    const Array direction = random_array(image.shape, b.random());
    const Array after = moved(image, direction, 1e-3F), before = moved(image, direction, -1e-3F);
    const double numeric = objective(reference, after) - objective(reference, before);
    double analytic = 0, magnitude = 0;
    for (size_t i = 0; i < found.values.size(); ++i) {
      const double term = found.values[i] * (static_cast<double>(after.values[i]) - before.values[i]);
      analytic += term;
      magnitude += std::abs(term);
    }
    EXPECT_TRUE(std::abs(numeric - analytic) <= 1e-5 * magnitude) << numeric << " " << analytic << " of " << magnitude;
  }
}

// Steps on an image that stays on the device, as one recorded piece of work each: losses, the way back, Adam, clipping.
TEST_P(Objective, RecordedStepsAreThoseOfTheHost) {
  ModelBuilder b = style_transfer();
  const Device device = GetParam();
  Session session(b.model(), request(device)), host(b.model(), request(device));
  std::vector<Loss> losses;
  for (const std::string& term : terms) losses.push_back(class_score(term, 0));
  const Json params{{"lr", 0.25}, {"min", -0.75}, {"max", 0.75}};
  const auto adam_on = [&](Session& s) {
    auto p = update_by_name("adam").new_params();
    read_params(*p, params, "test", "params");
    return Optimiser("adam", p, device, s.input_on_device("image").desc);
  };
  Optimiser recorded = adam_on(session), stepwise = adam_on(host);
  const auto step = session.record(losses, BackwardMode::standard, [&] {
    recorded.apply(session.input_on_device("image"), session.gradient_on_device("image"));
  });
  const Array start = random_array({2, 3, 11, 9}, b.random());
  session.set_input("image", start);
  host.set_input("image", start);
  const double before = objective(host, start);
  for (int i = 0; i < 4; ++i) {
    recorded.advance();
    step();
    host.forward();
    host.backward(losses);
    stepwise.advance();
    stepwise.apply(host.input_on_device("image"), host.gradient_on_device("image"));
  }
  const Array image = session.value("image");
  EXPECT_EQ(image.values, host.value("image").values);
  EXPECT_EQ(*std::ranges::max_element(image.values), 0.75F);
  EXPECT_EQ(*std::ranges::min_element(image.values), -0.75F);
  EXPECT_LT(objective(host, image), before);
}

INSTANTIATE_TEST_SUITE_P(Devices, Objective, ::testing::Values(Device::reference, Device::cpu, Device::simt),
                         [](const auto& info) { return to_string(info.param); });

TEST(ObjectivePlan, LossesAddToWhatHasArrived) {
  const ModelBuilder b = style_transfer();
  const Plan plan = make_plan(b.model(), request(Device::simt));
  std::vector<std::string> adding;
  for (const Step& step : plan.steps) {
    EXPECT_NE(step.kind, Step::Kind::accumulate) << step.layer;
    if (step.accumulate) adding.push_back(step.layer);
  }
  EXPECT_EQ(adding, (std::vector<std::string>{"content", "style1", "l2", "variation"}));
}

}  // namespace
}  // namespace convlens::test
