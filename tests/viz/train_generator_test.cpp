// Training a generator as its users meet it, and the objective behind it.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/program.h"
#include "viz/optimisation/noise.h"
#include "viz/training/generator_graph.h"
#include "viz/training/training_graph.h"
#include "weights/model_file.h"
#include "weights/model_writer.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

// Of random weights; its pictures are grey levels 0..255 in the order blue, green, red.
Json small_encoder() {
  return {{"format", "convlens-model"},
          {"version", 1},
          {"name", "eye"},
          {"inputs",
           {{{"name", "image"},
             {"kind", "image"},
             {"shape", {3, 16, 16}},
             {"channel_order", "bgr"},
             {"range", {0, 255}},
             {"mean", {104, 117, 124}},
             {"std", {58, 57, 56}}}}},
          {"layers",
           {{{"name", "conv1"},
             {"op", "conv2d"},
             {"inputs", {"image"}},
             {"params", {{"out_channels", 8}, {"kernel_size", 4}, {"stride", 4}}}},
            {{"name", "relu1"}, {"op", "relu"}, {"inputs", {"conv1"}}},
            {{"name", "pool"}, {"op", "adaptive_avg_pool2d"}, {"inputs", {"relu1"}}}}},
          {"output", "pool"}};
}

Json small_generator() {
  return {{"format", "convlens-model"},
          {"version", 1},
          {"name", "maker"},
          {"inputs", {{{"name", "code"}, {"kind", "vector"}, {"shape", {8, 4, 4}}}}},
          {"layers",
           {{{"name", "deconv1"},
             {"op", "conv_transpose2d"},
             {"inputs", {"code"}},
             {"params", {{"out_channels", 8}, {"kernel_size", 4}, {"stride", 2}, {"padding", 1}, {"bias", false}}}},
            {{"name", "bn1"}, {"op", "batch_norm"}, {"inputs", {"deconv1"}}},
            {{"name", "relu1"}, {"op", "relu"}, {"inputs", {"bn1"}}, {"params", {{"negative_slope", 0.3}}}},
            {{"name", "deconv0"},
             {"op", "conv_transpose2d"},
             {"inputs", {"relu1"}},
             {"params", {{"out_channels", 3}, {"kernel_size", 4}, {"stride", 2}, {"padding", 1}}}},
            {{"name", "picture"}, {"op", "sigmoid"}, {"inputs", {"deconv0"}}}}},
          {"output", "picture"}};
}

class TrainGenerator : public ::testing::Test {
 protected:
  TrainGenerator() {
    draw_folder(root_ / "seen", 4);
    draw_folder(root_ / "unseen", 2);
    const ModelFiles files = encode_model(*architecture("eye.json", small_encoder(), 5));
    fs::create_directories(root_ / "eye");
    std::ofstream(root_ / "eye/model.json") << files.json;
    std::ofstream(root_ / "eye/model.bin", std::ios::binary) << files.binary;
    config_ = {{"model", "architecture.json"},
               {"encoder", "eye"},
               {"layer", "relu1"},
               {"feature_layers", {"relu1", "pool"}},
               {"data", "seen"},
               {"validation", "unseen"},
               {"out", "out"},
               {"optimizer", {{"name", "adam"}, {"lr", 0.02}}},
               {"image_weight", 10},
               {"batch", 3},
               {"steps", 60},
               {"preview_steps", 25},
               {"checkpoint_steps", 7},
               {"flip", true},
               {"threads", 1}};
  }

  std::shared_ptr<const Model> architecture(const std::string& file, const Json& json, int64_t seed) const {
    std::ofstream(root_ / file) << json.dump();
    return read_architecture(root_ / file, viz::initial_weights(seed));
  }

  ProgramOutcome train(const std::string& arguments) const {
    std::ofstream(root_ / "architecture.json") << generator_.dump();
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), "\"$VIZ_RUN\" train_generator config.json --quiet " + arguments);
  }

  Json record(const std::string& folder) const { return Json::parse(bytes_of(root_ / folder / "run.json")); }

  void expect_refused(const std::string& part) const {
    const ProgramOutcome outcome = train("");
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out/model"));
  }

  TemporaryFolder root_;
  Json config_, generator_ = small_generator();
};

TEST_F(TrainGenerator, LearnsAndGoesOnToTheSameBits) {
  const ProgramOutcome outcome = train("--out whole");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Json whole = record("whole");
  EXPECT_EQ(whole["terms"], (Json{"pixels", "features relu1", "features pool"}));
  const auto unseen = whole["validation"]["totals"].get<std::vector<double>>();
  ASSERT_EQ(unseen.size(), 4U);  // after 0, 25, 50 and 60 steps
  EXPECT_TRUE(unseen.back() < 0.3 * unseen.front()) << whole["validation"];
  const viz::Image preview = viz::read_image(root_ / "whole/preview-25.png");
  EXPECT_EQ(preview.width, 4 * 16 + 5 * 2);   // four views, gaps of 2
  EXPECT_EQ(preview.height, 2 * 16 + 3 * 2);  // and what is made of them
  // A training that ends without finishing: its results' place is taken by a folder.
  fs::create_directories(root_ / "parts/run.json/taken");
  EXPECT_NE(train("--out parts").code, 0);
  ASSERT_TRUE(fs::exists(root_ / "parts/.unfinished/checkpoint"));
  fs::remove_all(root_ / "parts/run.json");
  ASSERT_EQ(train("--resume --out parts").code, 0);
  EXPECT_EQ(record("parts")["training"], whole["training"]);
  EXPECT_EQ(record("parts")["outputs"], whole["outputs"]);
}

double mean_square(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return sum / static_cast<double>(a.size());
}

// The graph's terms against the two networks run one after the other.
TEST_F(TrainGenerator, TheTermsAreWhatTheySay) {
  const Model encoder = *read_model(root_ / "eye"), maker = *architecture("maker.json", small_generator(), 3);
  const viz::GeneratorGraph graph = viz::make_generator_graph(
      maker, encoder, {.layer = "relu1", .feature_layers = {"relu1"}, .image_weight = 3, .feature_weight = 0.5}, 2);
  Session whole(graph.model, {.batch = 2, .observe = {graph.terms[0].loss.layer, graph.terms[1].loss.layer}});
  const Array image = viz::normal_noise({2, 3, 16, 16}, 1, 1);
  whole.set_input(graph.image, image);
  whole.forward();

  Session eye(encoder, {.batch = 2, .observe = {"relu1"}}), hand(maker, {.batch = 2, .observe = {"picture"}});
  eye.set_input("image", image);
  eye.forward();
  const Array features = eye.value("relu1");
  hand.set_input("code", features);
  hand.forward();
  const Array picture = hand.value("picture");
  Array wanted = picture, seen = picture;  // the image as 0..1 in the order red, green, blue, and what the eye is fed
  const float mean[] = {104, 117, 124}, std[] = {58, 57, 56};
  for (size_t i = 0; i < image.values.size(); ++i) {
    const size_t channel = i / 256 % 3, mirrored = i - 256 * channel + 256 * (2 - channel);
    wanted.values[mirrored] = (image.values[i] * std[channel] + mean[channel]) / 255;
    seen.values[i] = (255 * picture.values[mirrored] - mean[channel]) / std[channel];
  }
  eye.set_input("image", seen);
  eye.forward();
  const auto sum = [&](const viz::Term& term) {
    const Array values = whole.value(term.loss.layer);
    return term.weight * (values.values[0] + values.values[1]);
  };
  EXPECT_NEAR(sum(graph.terms[0]), 3 * mean_square(picture.values, wanted.values), 1e-5);
  EXPECT_NEAR(sum(graph.terms[1]), 0.5 * mean_square(eye.value("relu1").values, features.values), 1e-5);
  EXPECT_TRUE(graph.frozen.contains("image/conv1"));
  EXPECT_TRUE(graph.frozen.contains("picture/conv1"));
  EXPECT_FALSE(graph.frozen.contains("deconv1"));
}

TEST_F(TrainGenerator, RefusesAnotherCode) {
  config_["layer"] = "pool";
  expect_refused(
      "the layer 'pool' of the model 'eye' gives a code of 8 x 1 x 1, and the generator 'maker' takes one of "
      "8 x 4 x 4");
}

TEST_F(TrainGenerator, RefusesAnotherSize) {
  generator_["layers"][3]["params"]["stride"] = 1;
  expect_refused("the generator 'maker' makes pictures of 3 x 9 x 9, and the model 'eye' sees 3 x 16 x 16");
}

TEST_F(TrainGenerator, RefusesAnUnknownLayer) {
  config_["feature_layers"] = {"relu7"};
  expect_refused("the model 'eye' has no layer 'relu7'");
}

TEST_F(TrainGenerator, RefusesWhatIsNoGenerator) {
  generator_["inputs"][0] = {{"name", "code"}, {"kind", "image"}, {"shape", {3, 4, 4}}};
  expect_refused("the model 'maker' is no generator: its one input must be a code, of kind vector");
}

}  // namespace
}  // namespace convlens::test
