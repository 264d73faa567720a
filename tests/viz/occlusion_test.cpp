// occlusion as its users meet it, on a small network, against whole images.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "tests/weights/tiny_model.h"
#include "viz/class_names.h"
#include "viz/io/image.h"
#include "viz/io/npy.h"
#include "viz/preprocess.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class Occlusion : public ::testing::Test {
 protected:
  Occlusion() {
    write_tiny_model(root_ / "model");
    for (size_t i = 0; i < photo_.values.size(); ++i) photo_.values[i] = static_cast<float>(i * 37 % 101) / 100;
    viz::write_png(root_ / "photo.png", photo_);
    config_ = {{"algorithm", "occlusion"}, {"model", "model"}, {"image", "photo.png"}, {"out", "out"},
               {"class", "square"},        {"patch", 4},       {"stride", 3},          {"fill", "white"}};
  }

  ProgramOutcome run() const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_, "\"$VIZ_RUN\" config.json");
  }

  /// Score before softmax and probability of class 1 with a white patch there, or with none.
  std::pair<double, double> answer(int top, int left, int size) const {
    const auto model = read_model(root_ / "model");
    viz::Image view = viz::read_image(root_ / "photo.png");
    for (int c = 0; c < 3; ++c)
      for (int y = top; y < top + size; ++y)
        for (int x = left; x < left + size; ++x) view.at(c, y, x) = 1;
    Session session(*model, {.device = Device::reference, .observe = {model->output}});
    session.set_input("image", viz::to_tensor(view, model->image_input()));
    session.forward();
    for (const auto& c : viz::ranked_classes(*model, session.value(model->output)))
      if (c.index == 1) return {c.score, c.probability};
    return {NAN, NAN};
  }

  TemporaryFolder folder_;
  fs::path root_ = folder_.path();
  viz::Image photo_ = viz::make_image(3, 16, 16);
  Json config_;
};

TEST_F(Occlusion, IsTheDropOfTheScoreAtEachPlace) {
  for (const bool logit : {false, true}) {
    if (logit) config_["score"] = "logit";
    const auto outcome = run();
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    const auto drops = viz::read_npy(root_ / "out/drops.npy");
    const int places[] = {0, 3, 6, 9, 12};  // 12: at the edge
    ASSERT_EQ(drops.shape, (std::vector<int64_t>{1, 1, 5, 5}));
    const auto whole = answer(0, 0, 0);
    float largest = drops.values[0];
    for (size_t i = 0; i < 25; ++i) {
      const auto hidden = answer(places[i / 5], places[i % 5], 4);
      const double expected = logit ? whole.first - hidden.first : whole.second - hidden.second;
      EXPECT_NEAR(drops.values[i], expected, 1e-5) << i;
      largest = std::max(largest, drops.values[i]);
    }
    const Json results = Json::parse(std::ifstream(root_ / "out/run.json"))["runs"][0]["results"];
    EXPECT_EQ(results["largest_drop"]["drop"].get<float>(), largest);
    EXPECT_EQ(results["places"], 25);
  }
  EXPECT_TRUE(fs::exists(root_ / "out/overlay.png"));
}

TEST_F(Occlusion, RefusesAPatchThatDoesNotFit) {
  config_["patch"] = {4, 17};
  const auto outcome = run();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("'patch' must fit into the image of 16 x 16 pixels, found 4 x 17"), std::string::npos)
      << outcome.output;
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(Occlusion, RefusesAStrideThatLeavesPixelsOut) {
  config_["stride"] = 5;
  const auto outcome = run();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("'stride' must be at most 'patch', 4 x 4"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace convlens::test
