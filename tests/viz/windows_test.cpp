// A picture seen window by window, where memory is short: the same terms and gradients as from the whole picture.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/device_memory.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/byte_size.h"
#include "viz/io/image.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/shifted_evaluator.h"
#include "viz/style/picture_network.h"
#include "viz/training/random.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

using namespace viz;

Image scribble(int height, int width, int64_t seed) {
  Image image = make_image(3, height, width);
  Random random(seed);
  for (float& value : image.values) value = static_cast<float>(random.uniform());
  return image;
}

double largest_difference(const Array& a, const Array& b) {
  double difference = 0, largest = 0;
  for (size_t i = 0; i < b.values.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
    largest = std::max(largest, std::abs(static_cast<double>(b.values[i])));
  }
  return difference / largest;
}

/// The network of shapes, on a picture too large for a part of the memory that the whole takes.
class Windows : public ::testing::Test {
 protected:
  static constexpr int height = 150, width = 131;  // no multiples of the strides

  size_t bytes_of(const PictureNetwork& network) const {
    const Stage stage = network.stage("whole");
    return device_bytes(make_plan(stage.model, stage.request));
  }

  void add_terms(PictureNetwork& network) {
    const Image content = scribble(height, width, 1), style = scribble(100, 120, 2);
    const std::vector<std::string> layers{"relu1", "relu3"};
    network.add_distance("content", "relu3", features_of(run_, content, {"relu3"})[0], 5);
    const auto grams = grams_of(run_, style, layers, "chw");
    for (size_t i = 0; i < layers.size(); ++i)
      network.add_gram_distance("style " + layers[i], layers[i], grams[i], "chw", 1e4);
    const auto guided = guided_grams_of(run_, style, half(100, 120), layers, "hw");
    network.add_guided_gram_distance("guided", "relu3", half(height, width), guided[1], "hw", 1);
    network.add_variation("variation", "l2", 2, 1e-3);
  }

  static Image half(int rows, int columns) {
    Image mask = make_image(1, rows, columns);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns / 2; ++x) mask.at(0, y, x) = 1;
    return mask;
  }

  std::shared_ptr<const Model> model_ = read_model(CONVLENS_SOURCE_DIR "/weights/shapes");
  RunConfig config_;
  Section section_;
  viz::Run run_{config_, *model_, section_};
};

TEST_F(Windows, GiveTheTermsAndTheGradientOfTheWholePicture) {
  PictureNetwork network(run_, {height, width});
  add_terms(network);
  const auto whole = network.evaluator(run_, std::nullopt),
             windows = network.evaluator(run_, bytes_of(network) * 2 / 3);
  const auto stages = network.stages("picture", bytes_of(network) * 2 / 3);
  ASSERT_NE(stages.back().name.find("windows"), std::string::npos) << stages.back().name;
  EXPECT_EQ(whole->names(), windows->names());
  const Array x = to_pixels(scribble(height, width, 3), model_->image_input());
  Array expected, found;
  const double total = whole->evaluate(0, x, expected);
  for (int time = 0; time < 2; ++time) {  // nothing of the first may be left in the second
    EXPECT_NEAR(windows->evaluate(0, x, found), total, 1e-5 * total);
    for (size_t i = 0; i < whole->values().size(); ++i)
      EXPECT_NEAR(windows->values()[i], whole->values()[i], 1e-5 * whole->values()[i]) << whole->names()[i];
    EXPECT_LT(largest_difference(found, expected), 1e-5);
  }
}

TEST_F(Windows, GiveTheMapsAndGramMatricesOfTheWholePicture) {
  const Image image = scribble(height, width, 1);
  PictureNetwork network(run_, {height, width});
  add_terms(network);
  const size_t bytes = bytes_of(network) / 4;
  const std::vector<std::string> layers{"relu3", "relu1"};
  const auto maps = features_of(run_, image, layers), grams = grams_of(run_, image, layers, "hw");
  const auto maps_of_windows = features_of(run_, image, layers, bytes);
  const auto grams_of_windows = grams_of(run_, image, layers, "hw", bytes);
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(maps_of_windows[i].shape, maps[i].shape);
    EXPECT_LT(largest_difference(maps_of_windows[i], maps[i]), 1e-5) << layers[i];
    EXPECT_LT(largest_difference(grams_of_windows[i], grams[i]), 1e-5) << layers[i];
  }
}

TEST_F(Windows, SayWhatIsNotFinite) {
  PictureNetwork network(run_, {height, width});
  add_terms(network);
  const auto windows = network.evaluator(run_, bytes_of(network) * 2 / 3);
  Array x = to_pixels(scribble(height, width, 3), model_->image_input()), gradient;
  windows->evaluate(0, x, gradient);
  EXPECT_EQ(windows->first_not_finite(), "");
  x.values[x.values.size() - 1] = INFINITY;  // the last window alone sees it
  windows->evaluate(0, x, gradient);
  EXPECT_NE(windows->first_not_finite(), "");
}

TEST_F(Windows, RefuseWhatIsTooLittle) {
  PictureNetwork network(run_, {height, width});
  add_terms(network);
  EXPECT_THROW(network.evaluator(run_, 1000), InputError);
}

TEST_F(Windows, RefuseALayerThatSeesTheWholePicture) {
  const Image image = scribble(height, width, 1);
  EXPECT_EQ(features_of(run_, image, {"pool4"})[0].shape, (Shape{64, 1, 1}));
  EXPECT_THROW(features_of(run_, image, {"pool4"}, 1000), InputError);
}

TEST(Rolled, MovesRowsAndColumnsAround) {
  Array x({1, 1, 2, 3});
  x.values = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(rolled(x, {1, 1}).values, (std::vector<float>{6, 4, 5, 3, 1, 2}));
  EXPECT_EQ(rolled(rolled(x, {-3, 5}), {3, -5}).values, x.values);
}

TEST(ByteSize, HasANumberAndAUnit) {
  EXPECT_EQ(parse_byte_size("memory", "4GB"), 4'000'000'000U);
  EXPECT_EQ(parse_byte_size("memory", "1.5 MiB"), 1'572'864U);
  for (const char* text : {"4", "GB", "-1GB", "4 GB more", "4gb", "", "1e30GB", "nan GB"})
    EXPECT_THROW(parse_byte_size("memory", text), InputError) << text;
}

/// Programs that may take little more than what they keep anyway.
class MemoryLimit : public ::testing::Test {
 protected:
  void SetUp() override { write_png(root_ / "photo.png", scribble(150, 131, 5)); }

  ProgramOutcome run(const std::string& more) const {
    std::ofstream(root_ / "config.json") << R"({"algorithm": "deepdream", "model": ")" CONVLENS_SOURCE_DIR
                                            R"(/weights/shapes", "image": "photo.png", "threads": 1, "layer": "relu3",
                                            "longer_edge": 150, "octaves": 1, "steps": 2})";
    return run_program(root_.path(), "\"$VIZ_RUN\" config.json " + more);
  }

  TemporaryFolder root_;
};

TEST_F(MemoryLimit, ADreamInWindowsIsTheWholeOne) {
  const std::string limit = " --set memory=104.5MB";
  EXPECT_EQ(run("--plan" + limit).output.find("150 x 131"), std::string::npos);
  EXPECT_EQ(run("--out whole").code, 0);
  EXPECT_EQ(run("--out windows" + limit).code, 0);
  const Image whole = read_image(root_ / "whole/dream.png"), windows = read_image(root_ / "windows/dream.png");
  for (size_t i = 0; i < whole.values.size(); ++i) EXPECT_NEAR(windows.values[i], whole.values[i], 1.01 / 255);
}

TEST_F(MemoryLimit, SaysWhatItMustBe) {
  const ProgramOutcome outcome = run("--set memory=much");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("'memory' must be a number with its unit"), std::string::npos) << outcome.output;
  EXPECT_NE(run("--set memory=50MB").output.find("already take"), std::string::npos);
}

}  // namespace
}  // namespace convlens::test
