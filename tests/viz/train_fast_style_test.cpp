// Training a style network as its users meet it, and the objective behind it.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "tests/viz/train_fast_style.h"
#include "tests/viz/weight_gradients.h"
#include "viz/preprocess.h"
#include "viz/training/style_graph.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

TEST_F(TrainFastStyle, LearnsAndGoesOnToTheSameBits) {
  const ProgramOutcome outcome = train("--out whole");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Json whole = record("whole");
  const auto unseen = whole["validation"]["totals"].get<std::vector<double>>();
  ASSERT_EQ(unseen.size(), 4U);  // after 0, 15, 30 and 40 steps
  EXPECT_LT(unseen.back(), 0.5 * unseen.front());
  EXPECT_EQ(whole["terms"], (Json{"content relu2", "style relu1", "style relu2", "variation"}));
  EXPECT_TRUE(fs::exists(root_ / "whole/report.html"));
  const viz::Image preview = viz::read_image(root_ / "whole/preview-30.png");
  EXPECT_EQ(preview.width, 2 * 16 + 3 * 2);   // the photo and a painting, gaps of 2
  EXPECT_EQ(preview.height, 2 * 16 + 3 * 2);  // two photos
  // A training that ends without finishing: its results' place is taken by a folder.
  fs::create_directories(root_ / "parts/run.json/taken");
  EXPECT_NE(train("--out parts").code, 0);
  ASSERT_TRUE(fs::exists(root_ / "parts/.unfinished/checkpoint"));
  fs::remove_all(root_ / "parts/run.json");
  ASSERT_EQ(train("--resume --out parts").code, 0);
  EXPECT_EQ(bytes_of(root_ / "whole/model/model.bin"), bytes_of(root_ / "parts/model/model.bin"));
  EXPECT_EQ(record("parts")["training"], whole["training"]);
  EXPECT_EQ(record("parts")["validation"], whole["validation"]);
  EXPECT_EQ(record("parts")["outputs"], whole["outputs"]);
}

TEST_F(TrainFastStyle, PaintsInEachOfSeveralStyles) {
  networks_styles_ = 2;
  config_["styles"] = {"stripes.png", "disc.png"};
  const ProgramOutcome outcome = train("");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto unseen = record("out")["validation"]["totals"].get<std::vector<double>>();
  EXPECT_LT(unseen.back(), 0.7 * unseen.front());
  const auto model = read_model(root_ / "out/model");
  const std::vector<float> norm(model->layer("norm").weights[0].data.get(),
                                model->layer("norm").weights[0].data.get() + 12);
  EXPECT_NE(std::vector(norm.begin(), norm.begin() + 6), std::vector(norm.begin() + 6, norm.end()));
  EXPECT_EQ(viz::read_image(root_ / "out/preview-40.png").width, 3 * 16 + 4 * 2);
}

TEST_F(TrainFastStyle, PassesOverWhatIsNoPhoto) {
  config_["steps"] = 4;
  std::ofstream(root_ / "content/broken.png") << "no picture";
  ASSERT_EQ(train("").code, 0);
  EXPECT_NE(bytes_of(root_ / "out/report.html").find("broken.png"), std::string::npos);
}

TEST_F(TrainFastStyle, KeepsWhatIsLearntWhenItIsInterrupted) {
  config_["steps"] = config_["checkpoint_steps"] = 1000000;
  const ProgramOutcome outcome = train("", "timeout --preserve-status -s INT 4 ");
  EXPECT_EQ(outcome.code, 130) << outcome.output;
  EXPECT_NE(outcome.output.find("; --resume goes on from there"), std::string::npos) << outcome.output;
  const Json checkpoint = Json::from_cbor(bytes_of(root_ / "out/.unfinished/checkpoint"));
  const size_t steps = checkpoint["state"]["training"]["totals"].size();
  EXPECT_NE(outcome.output.find("interrupted after step " + std::to_string(steps) + ";"), std::string::npos)
      << outcome.output;
}

TEST_F(TrainFastStyle, RefusesAnUnknownLayer) {
  config_["style_layers"] = {"relu1", "relu7"};
  expect_refused("the model 'eye' has no layer 'relu7'");
}

TEST_F(TrainFastStyle, RefusesAnotherNumberOfStyles) {
  config_["styles"] = {"stripes.png", "disc.png"};
  expect_refused("is a network of 1 styles, and the key 'styles' names 2");
}

TEST_F(TrainFastStyle, RefusesAnotherRange) {
  range_ = {0, 255};
  expect_refused("the model 'painter' must paint in the range [0, 1], found that of its input: [0, 255]");
}

TEST_F(TrainFastStyle, RefusesNoStyle) {
  config_["styles"] = Json::array();
  expect_refused("'styles'");
}

TEST_F(TrainFastStyle, RefusesAFolderWithoutPhotos) {
  fs::create_directories(root_ / "empty");
  config_["content"] = "empty";
  expect_refused("empty: holds no image");
}

TEST_F(TrainFastStyle, SaysWhereNumbersStopBeingFinite) {
  config_["optimizer"] = {{"name", "sgd"}, {"lr", 1e200}};
  expect_refused("the output of layer 'conv1' is no finite number: a smaller learning rate may help");
}

/// The objective's gradient with respect to the transform network's weights, on the device of the formulas.
class StyleObjective : public TrainFastStyle {
 protected:
  StyleObjective() : weights_(viz::make_training_graph(*architecture("a.json", small_transform(2), 7))) {
    const viz::StyleLossKeys keys{
        .content_layers = {"relu2"}, .style_layers = {"relu1", "relu2"}, .variation_weight = 0.3};
    const auto eye = read_model(root_ / "eye");
    std::vector<std::vector<Array>> grams;
    for (const std::string kind : {"stripe", "disc"})
      grams.push_back(viz::style_grams(*eye, keys.style_layers, drawn(kind, 1), Device::reference));
    graph_ = viz::make_style_graph(weights_.training, *eye, grams, keys, 16, 2);
    objective_ = std::make_unique<viz::Objective>(graph_.terms);
    session_ = std::make_unique<Session>(graph_.model, PlanRequest{.device = Device::reference,
                                                                   .batch = 2,
                                                                   .losses = objective_->layers(),
                                                                   .weight_gradients = true,
                                                                   .frozen = graph_.frozen});
    Array photos({2, 3, 16, 16}), shares({2, 2, 1, 1});
    for (size_t i = 0; i < photos.values.size(); ++i)
      photos.values[i] = static_cast<float>(0.5 + 0.5 * std::sin(0.37 * static_cast<double>(i)));
    shares.values = {1, 0, 0.25, 0.75};
    session_->set_input(graph_.photo, photos);
    session_->set_input(graph_.style, shares);
  }

  double objective() {
    session_->reload_weights();
    return objective_->evaluate(*session_);
  }

  viz::TrainingGraph weights_;
  viz::StyleGraph graph_;
  std::unique_ptr<viz::Objective> objective_;
  std::unique_ptr<Session> session_;
};

TEST_F(StyleObjective, GradientsAreThoseOfFiniteDifferences) {
  expect_gradients_of_differences(*session_, graph_.terms, weights_.parameters);
}

TEST_F(StyleObjective, ComputesNoGradientOfTheLossNetwork) {
  for (const auto& [layer, slots] : session_->plan().weight_gradients)
    EXPECT_FALSE(graph_.frozen.contains(layer)) << layer;
  EXPECT_EQ(session_->plan().weight_gradients.size(), 3U);  // conv1, norm, conv2
}

TEST_F(StyleObjective, ShowsPhotosToTheLossNetworkAsItWantsThem) {
  const auto eye = read_model(root_ / "eye");
  const auto transform = architecture("a.json", small_transform(2), 7);
  Session whole(graph_.model, {.device = Device::reference, .observe = {"photo/relu2"}});
  Session alone(*eye, {.device = Device::reference, .observe = {"relu2"}});
  const viz::Image photo = viz::network_view(drawn("disc", 1), eye->image_input(), 16, 16);
  whole.set_input(graph_.photo, viz::to_tensor(photo, transform->image_input()));
  alone.set_input("image", viz::to_tensor(photo, eye->image_input()));
  whole.forward();
  alone.forward();
  const Array found = whole.value("photo/relu2"), expected = alone.value("relu2");
  for (size_t i = 0; i < expected.values.size(); ++i) EXPECT_NEAR(found.values[i], expected.values[i], 1e-5);
}

TEST_F(StyleObjective, IsMadeOfWhatIsWritten) {
  const double total = objective();
  std::map<std::string, double> values;
  for (size_t i = 0; i < graph_.terms.size(); ++i) values[graph_.terms[i].name] = objective_->values()[i];
  Session look(graph_.model, {.device = Device::reference,
                              .batch = 2,
                              .observe = {"picture/relu2", "photo/relu2", "gram relu1", graph_.picture}});
  look.set_input(graph_.photo, session_->value(graph_.photo));
  look.set_input(graph_.style, session_->value(graph_.style));
  look.forward();
  const Array painted = look.value("picture/relu2"), photo = look.value("photo/relu2"), gram = look.value("gram relu1");
  double content = 0, style = 0;
  for (size_t i = 0; i < painted.values.size(); ++i)
    content += std::pow(painted.values[i] - photo.values[i], 2) / static_cast<double>(painted.values.size());
  const auto eye = read_model(root_ / "eye");
  const auto stripe = viz::style_grams(*eye, {"relu1"}, drawn("stripe", 1), Device::reference)[0].values,
             disc = viz::style_grams(*eye, {"relu1"}, drawn("disc", 1), Device::reference)[0].values;
  for (size_t i = 0; i < 64; ++i) {
    style += std::pow(gram.values[i] - stripe[i], 2);
    style += std::pow(gram.values[64 + i] - (0.25 * stripe[i] + 0.75 * disc[i]), 2);
  }
  EXPECT_NEAR(values["content relu2"], content, 1e-5 * content);
  EXPECT_NEAR(values["style relu1"], 5 * style / 128, 1e-5 * style);
  EXPECT_NEAR(total, values["content relu2"] + values["style relu1"] + values["style relu2"] + values["variation"],
              1e-6 * total);
}

}  // namespace
}  // namespace convlens::test
