// Style transfer, texture and inversion as their users meet them, on a network of a few filters.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "tests/weights/tiny_model.h"
#include "viz/io/image.h"
#include "viz/style/colour.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class StyleRuns : public ::testing::Test {
 protected:
  StyleRuns() {
    write_tiny_model(root_ / "model");
    draw("photo.png", 20, 28, 37);
    draw("style.png", 24, 24, 53);
    draw("other.png", 16, 30, 11);
    config_ = {{"model", "model"}, {"image", "photo.png"}, {"out", "out"},
               {"threads", 1},     {"longer_edge", 28},    {"steps", 12}};
  }

  void draw(const std::string& name, int height, int width, size_t factor) const {
    viz::Image picture = viz::make_image(3, height, width);
    for (size_t i = 0; i < picture.values.size(); ++i)
      picture.values[i] = static_cast<float>(i / 7 * factor % 101) / 100;
    viz::write_png(root_ / name, picture);
  }

  // White in the columns from `begin` to `end`.
  void draw_mask(const std::string& name, int height, int width, int begin, int end) const {
    viz::Image mask = viz::make_image(1, height, width);
    for (int y = 0; y < height; ++y)
      for (int x = begin; x < end; ++x) mask.at(0, y, x) = 1;
    viz::write_png(root_ / name, mask);
  }

  void transfer() {
    config_.update({{"algorithm", "style_transfer"},
                    {"styles", {"style.png"}},
                    {"style_layers", {"relu1", "relu2"}},
                    {"content_layers", {"relu2"}},
                    {"style_weight", 1000},
                    {"content_weight", 0.01},
                    {"tv_weight", 1e-9}});
  }

  ProgramOutcome run(const std::string& arguments = "") const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), "\"$VIZ_RUN\" config.json " + arguments);
  }

  Json results() const {
    const ProgramOutcome outcome = run("--quiet");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    return Json::parse(std::ifstream(root_ / "out/run.json")).at("runs").at(0).at("results");
  }

  void expect_refused(const std::string& part) const {
    const ProgramOutcome outcome = run();
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
  }

  viz::Image picture(const std::string& name) const { return viz::read_image(root_ / "out" / name); }

  TemporaryFolder root_;
  Json config_;
};

TEST_F(StyleRuns, TransferTakesTheStyleAndKeepsTheContent) {
  transfer();
  config_["steps"] = 60;
  const Json result = results().at("transfer"), terms = result.at("terms");
  EXPECT_EQ(terms.size(), 4);
  EXPECT_LT(terms.at("content relu2").at("first"), 1e-9);  // it starts from the content
  for (const char* layer : {"style relu1", "style relu2"})
    EXPECT_LT(terms.at(layer).at("last"), 0.5 * terms.at(layer).at("first").get<double>()) << layer;
  EXPECT_EQ(picture("result.png").width, 28);
  EXPECT_EQ(picture("result.png").height, 20);
}

TEST_F(StyleRuns, NoStepsGiveEveryTermAtTheStart) {
  transfer();
  config_.update({{"steps", 0}, {"start", "noise"}});
  const ProgramOutcome outcome = run();
  for (const char* term : {"content relu2", "style relu1", "style relu2", "variation"})
    EXPECT_NE(outcome.output.find(term), std::string::npos) << outcome.output;
}

TEST_F(StyleRuns, ATermOfNoWeightIsLeftOut) {
  transfer();
  config_.update({{"styles", Json::array()}, {"style_weight", 0}, {"tv_weight", 0}, {"start", "noise"}, {"steps", 40}});
  const Json content = results().at("transfer").at("terms");
  EXPECT_EQ(content.size(), 1);
  EXPECT_LT(content.at("content relu2").at("last"), 0.2 * content.at("content relu2").at("first").get<double>());
}

TEST_F(StyleRuns, SharesMixTheStylesTargets) {
  transfer();
  config_["steps"] = 0;
  const auto first = [&](const std::vector<std::string>& styles, const std::vector<double>& shares) {
    config_["styles"] = styles;
    config_["style_shares"] = shares;
    return results().at("transfer").at("first").get<double>();
  };
  const double one = first({"style.png"}, {1}), other = first({"other.png"}, {1});
  EXPECT_NE(one, other);
  EXPECT_EQ(first({"style.png", "other.png"}, {2, 0}), one);
  EXPECT_EQ(first({"style.png", "other.png"}, {0, 3}), other);
}

TEST_F(StyleRuns, MasksGiveEachStyleARegion) {
  draw_mask("left.png", 20, 28, 0, 14);
  draw_mask("right.png", 10, 14, 7, 14);  // half as large as the photo
  transfer();
  config_.update({{"styles", {"style.png", "other.png"}}, {"masks", {"left.png", "right.png"}}, {"steps", 60}});
  const Json terms = results().at("transfer").at("terms");
  EXPECT_EQ(terms.size(), 6);
  for (const char* term : {"style 1 relu1", "style 1 relu2", "style 2 relu1", "style 2 relu2"})
    EXPECT_LT(terms.at(term).at("last"), 0.6 * terms.at(term).at("first").get<double>()) << term;
  EXPECT_EQ(picture("mask-1.png").at(0, 0, 0), 1);
  EXPECT_EQ(picture("mask-2.png").at(0, 0, 0), 0);
  const ProgramOutcome plan = run("--plan");
  EXPECT_EQ(plan.code, 0) << plan.output;
}

TEST_F(StyleRuns, WhiteMasksChangeNothing) {
  draw_mask("white.png", 20, 28, 0, 28);
  draw_mask("white_style.png", 24, 24, 0, 24);
  transfer();
  const double without = results().at("transfer").at("last");
  config_.update({{"masks", {"white.png"}}, {"style_masks", {"white_style.png"}}});
  EXPECT_NEAR(results().at("transfer").at("last").get<double>(), without, 1e-3 * without);
}

TEST_F(StyleRuns, StyleMasksChooseWhatIsTaken) {
  draw_mask("side.png", 24, 24, 0, 6);
  transfer();
  config_["steps"] = 0;
  const double whole = results().at("transfer").at("first");
  config_["style_masks"] = {"side.png"};
  EXPECT_NE(results().at("transfer").at("first"), whole);
  EXPECT_EQ(picture("style_mask-1.png").at(0, 0, 27), 0);
}

TEST_F(StyleRuns, RefusesMasksThatDoNotFit) {
  draw_mask("black.png", 20, 28, 0, 0);
  draw_mask("square.png", 20, 20, 0, 20);
  transfer();
  config_["masks"] = {"black.png", "black.png"};
  expect_refused("'masks' must have a picture for each of the 1 pictures of 'styles', found 2");
  config_["masks"] = {"black.png"};
  expect_refused("black.png: the mask is black");
  config_["masks"] = {"square.png"};
  expect_refused("square.png: a mask must have the proportions of its picture, 20 x 28, found 20 x 20");
}

TEST_F(StyleRuns, LuminanceKeepsThePhotosChroma) {
  transfer();
  config_["colour"] = "luminance";
  results();
  const viz::Image photo = picture("photo.png"), result = picture("result.png");
  int64_t compared = 0;
  for (int y = 0; y < photo.height; ++y)
    for (int x = 0; x < photo.width; ++x) {
      bool clipped = false;
      for (int c = 0; c < 3; ++c) clipped |= result.at(c, y, x) <= 0 || result.at(c, y, x) >= 1;
      if (clipped) continue;
      ++compared;
      ASSERT_NEAR(result.at(0, y, x) - result.at(1, y, x), photo.at(0, y, x) - photo.at(1, y, x), 2.1 / 255);
    }
  EXPECT_GT(compared, 50);
}

TEST_F(StyleRuns, LevelsGoFromCoarseToFine) {
  transfer();
  config_.update({{"levels", 2}, {"snapshot_steps", 12}});
  const Json levels = results();
  EXPECT_TRUE(levels.contains("level 1") && levels.contains("level 2")) << levels;
  EXPECT_EQ(picture("level_1-0.png").width, 14);
  EXPECT_EQ(picture("level_2-12.png").width, 28);
}

TEST_F(StyleRuns, EachIsTheSameEachTime) {
  transfer();
  for (const Json& change : {Json{{"optimiser", "lbfgs"}, {"start", "noise"}}, Json{{"optimiser", "adam"}},
                             Json{{"algorithm", "texture"}}, Json{{"algorithm", "inversion"}, {"layers", {"relu2"}}}}) {
    config_.update(change);
    if (config_["algorithm"] != "style_transfer")
      for (const char* key : {"styles", "content_layers", "content_weight", "start"}) config_.erase(key);
    if (config_["algorithm"] == "inversion")
      for (const char* key : {"style_layers", "style_weight"}) config_.erase(key);
    results();
    const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" --verify out/run.json");
    EXPECT_EQ(outcome.code, 0) << config_ << outcome.output;
  }
}

TEST_F(StyleRuns, AdamStaysInTheRange) {
  transfer();
  config_.update({{"optimiser", "adam"}, {"lr", 20}, {"steps", 60}});
  const Json terms = results().at("transfer").at("terms");
  EXPECT_LT(terms.at("style relu2").at("last"), terms.at("style relu2").at("first"));
}

TEST_F(StyleRuns, InversionLosesMoreInDeeperLayers) {
  config_.update({{"algorithm", "inversion"}, {"layers", {"relu1", "relu2"}}, {"steps", 100}});
  const Json distances = results().at("distances");
  EXPECT_LT(distances.at("relu1").at("pixels"), distances.at("relu2").at("pixels"));
  EXPECT_LT(distances.at("relu2").at("features"), 0.5);
}

TEST_F(StyleRuns, PlansEachLevel) {
  transfer();
  config_["levels"] = 2;
  const ProgramOutcome outcome = run("--plan");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("level 2"), std::string::npos) << outcome.output;
}

TEST_F(StyleRuns, RefusesWhatDoesNotFit) {
  transfer();
  config_["style_shares"] = {1, 2};
  expect_refused("'style_shares' must have a number for each of the 1 pictures");
  config_.erase("style_shares");
  config_["styles"] = Json::array();
  expect_refused("'styles' must name at least one picture");
  config_["styles"] = {"none.png"};
  expect_refused("none.png");
  config_["styles"] = {"style.png"};
  config_["style_layers"] = {"relu3"};
  expect_refused("'relu");
}

}  // namespace
}  // namespace convlens::test
