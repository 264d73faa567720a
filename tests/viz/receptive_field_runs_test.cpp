// What guided_backprop and top_patches make of receptive fields, on a small network.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/program.h"
#include "tests/weights/tiny_model.h"
#include "viz/io/npy.h"
#include "viz/preprocess.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class ReceptiveFieldRuns : public ::testing::Test {
 protected:
  ReceptiveFieldRuns() {
    write_tiny_model(root_ / "model");
    draw_folder(root_ / "images", 6);
  }

  ProgramOutcome run(const Json& config) const {
    std::ofstream(root_ / "config.json") << config.dump();
    return run_program(root_, "\"$VIZ_RUN\" config.json");
  }

  Json results() const { return Json::parse(std::ifstream(root_ / "out/run.json"))["runs"][0]["results"]; }

  TemporaryFolder folder_;
  fs::path root_ = folder_.path();
};

// conv2 reads 3 x 3 of the pool, which is 6 x 6 of conv1, which is 8 x 8 of the image.
TEST_F(ReceptiveFieldRuns, GuidedBackpropCropsWhatTheNeuronSees) {
  const auto outcome = run({{"algorithm", "guided_backprop"},
                            {"model", "model"},
                            {"image", "images/disc/0.png"},
                            {"out", "out"},
                            {"layer", "conv2"},
                            {"position", {0, 4}},
                            {"modes", {"guided", "deconvnet", "standard"}}});
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Json field = results()["receptive_field"];
  EXPECT_EQ(field["rows"], (Json{0, 5}));
  EXPECT_EQ(field["columns"], (Json{5, 13}));
  const viz::Image modes = viz::read_image(root_ / "out/modes.png");
  EXPECT_EQ(modes.width, 3 * 16 + 4 * 4);
  const auto gradient = viz::read_npy(root_ / "out/standard.npy");
  for (int64_t i = 0; i < std::ssize(gradient.values); ++i) {
    const int64_t y = i / 16 % 16, x = i % 16;
    if (y < 5 && x >= 5 && x < 13) continue;
    ASSERT_EQ(gradient.values[static_cast<size_t>(i)], 0) << y << " " << x;
  }
  const viz::Image crop = viz::read_image(root_ / "out/receptive_field.png");
  EXPECT_EQ(crop.width * 5, crop.height * 8);
}

TEST_F(ReceptiveFieldRuns, TopPatchesAreTheStrongestUnitsOfTheFolder) {
  const auto outcome = run({{"algorithm", "top_patches"},
                            {"model", "model"},
                            {"folder", "images"},
                            {"out", "out"},
                            {"batch", 5},
                            {"layer", "relu2"},
                            {"channels", {3, 9}},
                            {"top", 4}});
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto model = read_model(root_ / "model");
  Session session(*model, {.device = Device::reference, .observe = {"relu2"}});
  const Json found = results();
  for (const Json& channel : found["channels"]) {
    std::vector<float> strongest;
    std::map<std::string, float> by_file;
    for (const std::string kind : {"disc", "stripe"})
      for (int i = 0; i < 6; ++i) {
        const std::string file = kind + "/" + std::to_string(i) + ".png";
        const auto view = viz::network_view(viz::read_image(root_ / "images" / file), model->image_input(), 16, 16);
        session.set_input("image", viz::to_tensor(view, model->image_input()));
        session.forward();
        const Array value = session.value("relu2");
        const auto begin = value.values.begin() + channel["channel"].get<int64_t>() * 64;
        by_file[file] = *std::max_element(begin, begin + 64);
        strongest.push_back(by_file[file]);
      }
    std::ranges::sort(strongest, std::ranges::greater{});
    std::set<std::string> files;
    ASSERT_EQ(channel["patches"].size(), 4U);
    for (size_t i = 0; i < 4; ++i) {
      const Json& patch = channel["patches"][i];
      EXPECT_NEAR(patch["activation"].get<float>(), strongest[i], 1e-5);
      EXPECT_NEAR(patch["activation"].get<float>(), by_file.at(patch["file"]), 1e-5);
      files.insert(patch["file"]);
      const int64_t y = patch["position"][0];
      EXPECT_EQ(patch["rows"], (Json{std::max<int64_t>(2 * y - 3, 0), std::min<int64_t>(2 * y + 5, 16)}));
    }
    EXPECT_EQ(files.size(), 4U);  // one crop an image
  }
  for (const char* file : {"channel3.png", "channel3_guided.png", "channel9.png"})
    EXPECT_TRUE(fs::exists(root_ / "out" / file)) << file;
}

TEST_F(ReceptiveFieldRuns, TopPatchesRefusesAChannelThatIsNotThere) {
  const auto outcome =
      run({{"algorithm", "top_patches"}, {"model", "model"}, {"folder", "images"}, {"out", "out"}, {"channels", {99}}});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("channels of layer 'relu"), std::string::npos) << outcome.output;
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

}  // namespace
}  // namespace convlens::test
