// Trained networks on real photos, and what they must see there. The photos: a tabby kitten, a golden retriever puppy,
// a hot dog with relish, and old houses along a river below a church tower.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/networks/golden_input.h"
#include "tests/networks/trained.h"
#include "viz/class_names.h"

namespace convlens::test {
namespace {

using viz::ClassScore;

class TrainedNetworks : public Trained {
 protected:
  static std::vector<ClassScore> classify(const Model& model, const std::string& name) {
    Session session(model, {.observe = {model.output}});
    session.set_input(model.image_input().name, photo(model, name));
    session.forward();
    return viz::ranked_classes(model, session.value(model.output));
  }

  /// The first class is `name`, at least this probable.
  static void expect_first(const Model& model, const std::string& photo, const std::string& name, double probability) {
    const auto ranking = classify(model, photo);
    EXPECT_NE(ranking[0].name.find(name), std::string::npos) << photo << " is taken for " << ranking[0].name;
    EXPECT_TRUE(ranking[0].probability >= probability) << ranking[0].probability;
  }

  /// The three most probable classes are the domestic cats with stripes, in some order.
  static void expect_tabby(const Model& model) {
    const auto ranking = classify(model, "cat");
    for (size_t i = 0; i < 3; ++i)
      EXPECT_TRUE(ranking[i].index == 281 || ranking[i].index == 282 || ranking[i].index == 285) << ranking[i].name;
  }
};

TEST_F(TrainedNetworks, SqueezeNet) {
  const auto net = model("squeezenet1_1");
  expect_tabby(*net);
  expect_first(*net, "dog", "golden retriever", 0.9);
  expect_first(*net, "hot_dog", "hotdog", 0.7);
  expect_first(*net, "tubingen", "palace", 0.4);
}

TEST_F(TrainedNetworks, GoogLeNet) {
  const auto net = model("bvlc_googlenet");
  expect_tabby(*net);
  expect_first(*net, "dog", "golden retriever", 0.9);
  expect_first(*net, "hot_dog", "hotdog", 0.9);
  expect_first(*net, "tubingen", "palace", 0.6);
}

TEST_F(TrainedNetworks, CifarResNetSeesAnimals) {
  const auto net = model("cifar_resnet20");
  expect_first(*net, "cat", "cat", 0.5);
  expect_first(*net, "dog", "dog", 0.5);
}

TEST_F(TrainedNetworks, StyleNetworkPaintsAPicture) {
  const auto net = model("candy");
  Session session(*net, {.observe = {net->output}});
  session.set_input(net->image_input().name, photo(*net, "tubingen"));
  session.forward();
  const Array picture = session.value(net->output);
  EXPECT_EQ(picture.shape, session.value(net->image_input().name).shape);
  double sum = 0, squares = 0;
  for (const float value : picture.values) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double mean = sum / static_cast<double>(picture.values.size());
  const double deviation = std::sqrt(squares / static_cast<double>(picture.values.size()) - mean * mean);
  EXPECT_TRUE(mean > 50 && mean < 200) << mean;  // grey levels 0..255
  EXPECT_TRUE(deviation > 30 && deviation < 120) << deviation;
}

// A blend of two styles by the published file, as ONNX Runtime painted it (tools/make_style_golden.py).
TEST_F(TrainedNetworks, StylesBlendAsInThePublishedNetwork) {
  const Json golden =
      Json::parse(std::ifstream(std::filesystem::path(CONVLENS_SOURCE_DIR) / "tests/networks/style_golden.json"));
  const auto net = model(golden.at("architecture"));
  const auto extents = golden.at("shape").get<std::vector<int64_t>>();
  const Shape shape{std::span<const int64_t>(extents)};
  Session session(*net, {.input_shapes = {{"image", shape}}, .observe = {net->output}});
  for (const InputSpec& spec : net->inputs)
    session.set_input(spec.name, golden_input(spec, golden.at("seed"), spec.name == "image" ? shape : spec.shape));
  session.forward();
  const Array painted = session.value(net->output);
  ASSERT_EQ(painted.shape, shape);
  for (size_t i = 0; i < golden.at("values").size(); ++i)
    ASSERT_NEAR(painted.values.at(golden["indices"][i].get<size_t>()), golden["values"][i].get<double>(), 1e-5);
}

}  // namespace
}  // namespace convlens::test
