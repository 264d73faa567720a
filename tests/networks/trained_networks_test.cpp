// Trained networks on real photos, and what they must see there. The photos: a tabby kitten, a golden retriever puppy,
// a hot dog with relish, and old houses along a river below a church tower.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "engine/session.h"
#include "viz/class_names.h"
#include "viz/io/image.h"
#include "viz/preprocess.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;
using viz::ClassScore;

fs::path shared_folder() {
  const char* folder = std::getenv("CONVLENS_SHARED");
  return folder ? fs::path(folder) : fs::path(CONVLENS_SOURCE_DIR).parent_path() / "shared";
}

class Trained : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(shared_folder() / "weights")) GTEST_SKIP() << "the folder of trained networks is absent";
  }

  static std::shared_ptr<const Model> model(const std::string& name) {
    return read_model(fs::path(CONVLENS_TEST_MODELS) / "trained" / name);
  }

  static Array photo(const Model& model, const std::string& name) {
    const InputSpec& input = model.image_input();
    const auto image = viz::read_image(shared_folder() / "images" / (name + ".jpg"));
    return viz::to_tensor(
        viz::network_view(image, input, static_cast<int>(input.shape.h()), static_cast<int>(input.shape.w())), input);
  }

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

TEST_F(Trained, SqueezeNet) {
  const auto net = model("squeezenet1_1");
  expect_tabby(*net);
  expect_first(*net, "dog", "golden retriever", 0.9);
  expect_first(*net, "hot_dog", "hotdog", 0.7);
  expect_first(*net, "tubingen", "palace", 0.4);
}

TEST_F(Trained, GoogLeNet) {
  const auto net = model("bvlc_googlenet");
  expect_tabby(*net);
  expect_first(*net, "dog", "golden retriever", 0.9);
  expect_first(*net, "hot_dog", "hotdog", 0.9);
  expect_first(*net, "tubingen", "palace", 0.6);
}

TEST_F(Trained, CifarResNetSeesAnimals) {
  const auto net = model("cifar_resnet20");
  expect_first(*net, "cat", "cat", 0.5);
  expect_first(*net, "dog", "dog", 0.5);
}

TEST_F(Trained, StyleNetworkPaintsAPicture) {
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

}  // namespace
}  // namespace convlens::test
