// Training a decoder for AdaIN, and painting in the style of any picture with it, as their users meet them; and the
// networks behind both.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/loss_network.h"
#include "tests/viz/model_folder.h"
#include "tests/viz/program.h"
#include "tests/viz/weight_gradients.h"
#include "viz/preprocess.h"
#include "viz/style/adaptive_style.h"
#include "viz/style/network_parts.h"
#include "viz/training/adaptive_style_graph.h"
#include "viz/training/training_graph.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;
using viz::Image;

/// Of the loss network's relu2.
Json small_decoder() {
  return {
      {"format", "convlens-model"},
      {"version", 1},
      {"name", "decoder"},
      {"inputs", {{{"name", "features"}, {"kind", "vector"}, {"shape", {5, 8, 8}}}}},
      {"layers",
       {{{"name", "pad"}, {"op", "pad"}, {"inputs", {"features"}}, {"params", {{"padding", 1}, {"mode", "reflect"}}}},
        {{"name", "conv1"},
         {"op", "conv2d"},
         {"inputs", {"pad"}},
         {"params", {{"out_channels", 6}, {"kernel_size", 3}}}},
        {{"name", "relu"}, {"op", "relu"}, {"inputs", {"conv1"}}},
        {{"name", "unpool"}, {"op", "upsample"}, {"inputs", {"relu"}}, {"params", {{"scale_factor", 2}}}},
        {{"name", "conv2"},
         {"op", "conv2d"},
         {"inputs", {"unpool"}},
         {"params", {{"out_channels", 3}, {"kernel_size", 1}}}},
        {{"name", "picture"}, {"op", "sigmoid"}, {"inputs", {"conv2"}}}}},
      {"output", "picture"}};
}

class Adain : public ::testing::Test {
 protected:
  Adain() {
    write_loss_network(root_ / "eye");
    eye_ = read_model(root_ / "eye");
    std::ofstream(root_ / "decoder.json") << small_decoder().dump();
    decoder_ = read_architecture(root_ / "decoder.json", viz::initial_weights(3));
    write_png(root_ / "photo.png", drawn("disc", 1));
    write_png(root_ / "stripes.png", drawn("stripe", 1));
    Image other = drawn("disc", 2);
    std::ranges::reverse(other.values);  // blue discs
    write_png(root_ / "other.png", other);
  }

  void expect_refused(const std::string& command, const Json& config, const std::string& part) const {
    std::ofstream(root_ / "config.json") << config.dump();
    const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" " + command + " config.json");
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / config["out"]));
  }

  TemporaryFolder root_;
  std::shared_ptr<const Model> eye_, decoder_;
};

class TrainAdain : public Adain {
 protected:
  TrainAdain() {
    draw_folder(root_ / "content", 4);
    draw_folder(root_ / "unseen", 1);
    draw_folder(root_ / "styles", 2);
    fs::create_directories(root_ / "unseen_styles");
    fs::copy_file(root_ / "stripes.png", root_ / "unseen_styles/stripes.png");
    config_ = {{"model", "decoder.json"},
               {"encoder", "eye"},
               {"layer", "relu2"},
               {"style_layers", {"relu1", "relu2"}},
               {"content", "content"},
               {"styles", "styles"},
               {"validation", "unseen"},
               {"validation_styles", "unseen_styles"},
               {"out", "out"},
               {"optimizer", {{"name", "adam"}, {"lr", 0.02}}},
               {"size", 16},
               {"batch", 3},
               {"steps", 40},
               {"preview_steps", 15},
               {"checkpoint_steps", 7},
               {"flip", true},
               {"threads", 1}};
  }

  ProgramOutcome train(const std::string& arguments) const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), "\"$VIZ_RUN\" train_adain config.json --quiet " + arguments);
  }

  Json record(const std::string& folder) const { return Json::parse(bytes_of(root_ / folder / "run.json")); }

  Json config_;
};

TEST_F(TrainAdain, LearnsAndGoesOnToTheSameBits) {
  const ProgramOutcome outcome = train("--out whole");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Json whole = record("whole");
  EXPECT_EQ(whole["terms"], (Json{"content relu2", "style relu1", "style relu2", "variation"}));
  for (const size_t style : {1, 2}) {
    const auto unseen = whole["validation"]["terms"][style].get<std::vector<double>>();
    ASSERT_EQ(unseen.size(), 4U);  // after 0, 15, 30 and 40 steps
    EXPECT_LT(unseen.back(), 0.5 * unseen.front());
  }
  const Image preview = viz::read_image(root_ / "whole/preview-30.png");
  EXPECT_EQ(preview.width, 2 * 16 + 3 * 2);   // the photo and a painting, gaps of 2
  EXPECT_EQ(preview.height, 3 * 16 + 4 * 2);  // the style and two photos
  // A training that ends without finishing: its results' place is taken by a folder.
  fs::create_directories(root_ / "parts/run.json/taken");
  EXPECT_NE(train("--out parts").code, 0);
  ASSERT_TRUE(fs::exists(root_ / "parts/.unfinished/checkpoint"));
  fs::remove_all(root_ / "parts/run.json");
  ASSERT_EQ(train("--resume --out parts").code, 0);
  EXPECT_EQ(record("parts")["training"], whole["training"]);
  EXPECT_EQ(record("parts")["validation"], whole["validation"]);
  EXPECT_EQ(record("parts")["outputs"], whole["outputs"]);
}

TEST_F(TrainAdain, GoesOnFromATrainedNetwork) {
  config_["steps"] = 6;
  ASSERT_EQ(train("--out first").code, 0);
  config_["model"] = "first/model";
  const ProgramOutcome outcome = train("--out second");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(record("second")["validation"]["totals"].front(), record("first")["validation"]["totals"].back());
}

TEST_F(TrainAdain, LeavesTheEncoderAsItIs) {
  config_["steps"] = 3;
  ASSERT_EQ(train("").code, 0);
  const auto trained = read_model(root_ / "out/model");
  for (const std::string layer : {"conv1", "conv2"}) {
    const Weight &before = eye_->layer(layer).weights[0], &content = trained->layer("content/" + layer).weights[0],
                 &style = trained->layer("style/" + layer).weights[0];
    EXPECT_TRUE(std::equal(before.data.get(), before.data.get() + before.shape.elements(), content.data.get()));
    EXPECT_EQ(content.data, style.data);  // in the file once
  }
}

TEST_F(TrainAdain, RefusesWhatDoesNotFit) {
  const Json config = config_;
  const auto with = [&](const std::string& key, const Json& value) {
    Json changed = config;
    changed[key] = value;
    return changed;
  };
  expect_refused("train_adain", with("layer", "relu7"), "the model 'eye' has no layer 'relu7'");
  expect_refused("train_adain", with("style_layers", {"relu1", "relu7"}), "the model 'eye' has no layer 'relu7'");
  expect_refused("train_adain", with("layer", "relu1"),
                 "the model 'decoder' decodes features of 5 channels, and the layer 'relu1' of 'eye' has 8");
  expect_refused("train_adain", with("size", 17), "the model 'decoder' must make a picture");
  fs::create_directories(root_ / "empty");
  expect_refused("train_adain", with("validation_styles", "empty"), "empty: holds no image");
}

/// A network with a decoder of random weights, and what it paints by the engine alone.
class PaintAdain : public Adain {
 protected:
  PaintAdain() {
    network_ = viz::adaptive_style_network(*eye_, {"relu2", 5}, *decoder_, 16);
    network_ = viz::part_before(network_, network_.output);
    write_model(root_ / "model", network_);
    config_ = {{"algorithm", "fast_style"},
               {"model", "model"},
               {"image", "photo.png"},
               {"adain", true},
               {"style_size", 20},
               {"style_images", {"stripes.png"}},
               {"out", "out"},
               {"threads", 1}};
  }

  Array read(const std::string& file) const {
    return viz::to_tensor(viz::read_image(root_ / file), network_.image_input());
  }

  /// AdaIN's result for a photo and a style.
  Array adain(const std::string& photo, const std::string& style) const {
    const Array content = read(photo), picture = read(style);
    Session session(network_, {.input_shapes = {{"image", content.shape}, {"style", picture.shape}},
                               .observe = {viz::adain_layer}});
    session.set_input("image", content);
    session.set_input("style", picture);
    session.forward();
    return session.value(viz::adain_layer);
  }

  Image decoded(const Array& features) const {
    const Model decoder = viz::part_behind(network_, viz::adain_layer);
    Session session(decoder, {.input_shapes = {{viz::adain_layer, features.shape}}, .observe = {decoder.output}});
    session.set_input(viz::adain_layer, features);
    session.forward();
    return viz::to_image(session.value(decoder.output), network_.image_input());
  }

  Image painted(const std::string& name) {
    std::ofstream(root_ / "config.json") << config_.dump();
    const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" config.json");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    return viz::read_image(root_ / "out" / name);
  }

  static double greatest_difference(const Image& a, const Image& b) {
    EXPECT_EQ(viz::shape_text(a), viz::shape_text(b));
    double difference = 0;
    for (size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i)
      difference = std::max(difference, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
    return difference;
  }

  static constexpr double rounding = 0.51 / 255;  // of a PNG

  Model network_;
  Json config_;
};

TEST_F(PaintAdain, PaintsAsTheWholeNetworkDoes) {
  const Image expected = decoded(adain("photo.png", "stripes.png"));
  EXPECT_LE(greatest_difference(painted("painted.png"), expected), rounding);
  EXPECT_GE(greatest_difference(decoded(adain("photo.png", "other.png")), expected), 0.05);
}

TEST_F(PaintAdain, StylesAreBlendedByWeightAndMixedWithThePhotosOwn) {
  config_["style_images"] = {"stripes.png", "other.png"};
  config_["weights"] = {1, 3};
  config_["alpha"] = 0.6;
  const Array content = adain("photo.png", "photo.png"), stripes = adain("photo.png", "stripes.png"),
              other = adain("photo.png", "other.png");
  Array mixed(content.shape);
  for (size_t i = 0; i < mixed.values.size(); ++i)
    mixed.values[i] = 0.4F * content.values[i] + 0.6F * (0.25F * stripes.values[i] + 0.75F * other.values[i]);
  EXPECT_LE(greatest_difference(painted("blend.png"), decoded(mixed)), rounding);
}

TEST_F(PaintAdain, AlphaOfZeroDecodesThePhotosFeatures) {
  config_["alpha"] = 0;
  EXPECT_LE(greatest_difference(painted("painted.png"), decoded(adain("photo.png", "photo.png"))), rounding);
}

TEST_F(PaintAdain, AWeightOfOneIsThatStyle) {
  config_["style_images"] = {"stripes.png", "other.png"};
  painted("style_1.png");
  const std::string alone = bytes_of(root_ / "out/style_1.png");
  EXPECT_TRUE(fs::exists(root_ / "out/style_0.png"));
  config_["weights"] = {0, 1};
  painted("blend.png");
  EXPECT_EQ(bytes_of(root_ / "out/blend.png"), alone);
}

TEST_F(PaintAdain, StylesAndPhotosHaveSizesOfTheirOwn) {
  config_["style_size"] = 33;
  config_["style_images"] = {"stripes.png", "other.png"};
  config_["size"] = {13, 22};
  config_["grid"] = true;
  EXPECT_EQ(viz::shape_text(painted("style_1.png")), "3 x 13 x 22");
  const ProgramOutcome plan = run_program(root_.path(), "\"$VIZ_RUN\" config.json --plan");
  EXPECT_EQ(plan.code, 0) << plan.output;
  EXPECT_NE(plan.output.find("a style of 33 x 33 pixels"), std::string::npos) << plan.output;
  EXPECT_NE(plan.output.find("14x22"), std::string::npos) << plan.output;
  const ProgramOutcome verified = run_program(root_.path(), "\"$VIZ_RUN\" --verify out/run.json");
  EXPECT_EQ(verified.code, 0) << verified.output;
}

TEST_F(PaintAdain, PaintsAFolder) {
  draw_folder(root_ / "images", 1);
  config_.erase("image");
  config_["folder"] = "images";
  fs::copy_file(root_ / "images/disc/0.png", root_ / "disc.png");
  EXPECT_LE(greatest_difference(painted("painted/disc/0.png"), decoded(adain("disc.png", "stripes.png"))), rounding);
}

TEST_F(PaintAdain, RefusesWhatDoesNotFit) {
  const Json config = config_;
  const auto with = [&](const Json& changes) {
    Json changed = config;
    changed.update(changes);
    return changed;
  };
  expect_refused("", with({{"style_images", Json::array()}}), "'style_images' must name at least one picture");
  expect_refused("", with({{"style_images", {"none.png"}}}), "none.png");
  expect_refused("", with({{"alpha", 1.5}}), "'alpha'");
  expect_refused("", with({{"styles", {1}}}), "'styles' must be from 0 to 0");
  expect_refused("", with({{"adain", false}}), "'style_images' are for 'adain' alone, which is false");
  expect_refused("", with({{"adain", false}, {"style_images", Json::array()}}), "'adain' must be true");
  expect_refused("", with({{"model", "eye"}}), "must have one layer adaptive_instance_norm");
}

TEST_F(PaintAdain, RefusesVariancesOfAnotherDivisor) {
  Json model = Json::parse(bytes_of(root_ / "model/model.json"));
  for (Json& layer : model["layers"])
    if (layer["name"] == viz::adain_layer) layer["params"]["correction"] = 1;
  std::ofstream(root_ / "model/model.json") << model.dump();
  expect_refused("", config_, "the layer 'AdaIN' must have 'correction' 0");
}

/// The objective of a training, on the device of the formulas.
class AdainObjective : public Adain {
 protected:
  AdainObjective() : weights_(viz::make_training_graph(*decoder_)) {
    Array photos({2, 3, 16, 16}), styles({2, 3, 16, 16});
    for (size_t i = 0; i < photos.values.size(); ++i) {
      photos.values[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.37 * static_cast<double>(i)));
      styles.values[i] = static_cast<float>(0.4 + 0.4 * std::sin(0.011 * static_cast<double>(i * (i % 5))));
    }
    scales_ = viz::feature_scales(*eye_, keys_.layers(), photos, Device::reference);
    graph_ = viz::make_adaptive_style_graph(weights_.training, *eye_, keys_, scales_, 16, 2);
    objective_ = std::make_unique<viz::Objective>(graph_.terms);
    session_ = std::make_unique<Session>(graph_.model, PlanRequest{.device = Device::reference,
                                                                   .batch = 2,
                                                                   .observe = observed_,
                                                                   .losses = objective_->layers(),
                                                                   .weight_gradients = true,
                                                                   .frozen = graph_.frozen});
    session_->set_input(graph_.photo, photos);
    session_->set_input(graph_.style, styles);
  }

  double objective() {
    session_->reload_weights();
    return objective_->evaluate(*session_);
  }

  double term(const std::string& name) const {
    for (size_t i = 0; i < graph_.terms.size(); ++i)
      if (graph_.terms[i].name == name) return objective_->values()[i];
    ADD_FAILURE() << "no term " << name;
    return 0;
  }

  const std::vector<std::string> observed_{"content/relu2", "style/relu1", "style/relu2", "picture/relu1",
                                           "picture/relu2"};
  viz::AdaptiveLossKeys keys_{.layer = "relu2",
                              .style_layers = {"relu1", "relu2"},
                              .content_weight = 2,
                              .style_weight = 3,
                              .variation_weight = 0.3};
  viz::TrainingGraph weights_;
  std::map<std::string, double> scales_;
  viz::StyleGraph graph_;
  std::unique_ptr<viz::Objective> objective_;
  std::unique_ptr<Session> session_;
};

TEST_F(AdainObjective, GradientsAreThoseOfFiniteDifferences) {
  expect_gradients_of_differences(*session_, graph_.terms, weights_.parameters);
}

TEST_F(AdainObjective, ComputesNoGradientOfTheEncoder) {
  EXPECT_EQ(session_->plan().weight_gradients.size(), 2U);
  EXPECT_TRUE(session_->plan().weight_gradients.contains("conv1"));
  EXPECT_TRUE(session_->plan().weight_gradients.contains("conv2"));
}

/// One channel of one image.
struct Moments {
  Moments(const Array& features, size_t channel) {
    const auto pixels = static_cast<size_t>(features.shape.h() * features.shape.w());
    x = std::span(features.values).subspan(channel * pixels, pixels);
    for (const float v : x) mean += v / static_cast<double>(pixels);
    double variance = 0;
    for (const float v : x) variance += (v - mean) * (v - mean) / static_cast<double>(pixels);
    deviation = std::sqrt(variance + 1e-5);
  }
  std::span<const float> x;
  double mean = 0, deviation = 0;
};

TEST_F(AdainObjective, IsMadeOfWhatIsWritten) {
  const double total = objective();
  const Array content = session_->value("content/relu2");
  double expected = 0;
  const Array painted = session_->value("picture/relu2"), style = session_->value("style/relu2");
  for (size_t k = 0; k < 10; ++k) {  // channels of both images
    const Moments c(content, k), s(style, k), p(painted, k);
    for (size_t i = 0; i < c.x.size(); ++i)
      expected += std::pow(p.x[i] - (s.deviation * (c.x[i] - c.mean) / c.deviation + s.mean), 2);
  }
  expected *= 2 / (static_cast<double>(content.values.size()) * std::pow(scales_["relu2"], 2));
  EXPECT_NEAR(term("content relu2"), expected, 1e-5 * expected);
  for (const auto& [layer, channels] : std::map<std::string, size_t>{{"relu1", 8}, {"relu2", 5}}) {
    const Array of_picture = session_->value("picture/" + layer), of_style = session_->value("style/" + layer);
    double sum = 0;
    for (size_t k = 0; k < 2 * channels; ++k) {
      const Moments p(of_picture, k), s(of_style, k);
      sum += std::pow(p.mean - s.mean, 2) + std::pow(p.deviation - s.deviation, 2);
    }
    sum *= 3 / (2 * static_cast<double>(channels) * std::pow(scales_[layer], 2));
    EXPECT_NEAR(term("style " + layer), sum, 1e-5 * sum);
  }
  EXPECT_NEAR(total, term("content relu2") + term("style relu1") + term("style relu2") + term("variation"),
              1e-6 * total);
}

}  // namespace
}  // namespace convlens::test
