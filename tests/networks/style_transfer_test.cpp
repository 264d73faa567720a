// The objectives of style transfer and of inversion on a random network, against JAX in double
// (tools/make_style_transfer_golden.py); and what is true of a photo's colours when they are kept.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "kernels/base/json.h"
#include "tests/networks/golden_input.h"
#include "viz/optimisation/pixels.h"
#include "viz/run.h"
#include "viz/style/colour.h"
#include "viz/style/picture_network.h"
#include "viz/style/style_keys.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;
using namespace viz;

class StyleGolden : public ::testing::Test {
 protected:
  StyleGolden()
      : golden_(
            Json::parse(std::ifstream(fs::path(CONVLENS_SOURCE_DIR) / "tests/networks/style_transfer_golden.json"))),
        model_(read_model(fs::path(CONVLENS_TEST_MODELS) / "random" / golden_.at("architecture").get<std::string>())),
        run_(config_, *model_, section_),
        network_(run_, {golden_.at("size").at(0), golden_.at("size").at(1)}) {}

  // From black to white.
  Image image(const std::string& name) const {
    const Canvas& c = network_.canvas();
    Image image = make_image(3, static_cast<int>(c.height), static_cast<int>(c.width));
    image.values = uniform("style/" + name, 1, {3, c.height, c.width}).values;
    for (float& value : image.values) value = (value + 1) / 2;
    return image;
  }

  void expect_golden(const std::string& name) {
    const Json& expected = golden_.at(name);
    const Stage stage = network_.stage(name);
    Session session(stage.model, stage.request);
    session.set_input(PictureNetwork::pixels, to_pixels(image("x"), model_->image_input()));
    Objective objective = network_.objective();
    objective.evaluate(session);
    ASSERT_EQ(objective.terms().size(), expected.at("terms").size());
    for (size_t i = 0; i < objective.terms().size(); ++i) {
      const std::string& term = objective.terms()[i].name;
      const double value = expected.at("terms").at(term);
      EXPECT_TRUE(std::abs(objective.values()[i] - value) <= 1e-4 * value)
          << term << ": " << objective.values()[i] << ", expected " << value;
    }
    const Array gradient = session.gradient(PictureNetwork::pixels);
    const auto stride = golden_.at("stride").get<size_t>();
    const auto sampled = expected.at("gradient").get<std::vector<double>>();
    for (size_t i = 0; i < sampled.size(); ++i)
      EXPECT_TRUE(std::abs(gradient.values[i * stride] - sampled[i]) <= 1e-4 * expected.at("largest").get<double>())
          << name << " at " << i * stride << ": " << gradient.values[i * stride] << ", expected " << sampled[i];
  }

  Json golden_;
  std::shared_ptr<const Model> model_;
  RunConfig config_;
  Section section_;
  viz::Run run_;
  PictureNetwork network_;
};

TEST_F(StyleGolden, StyleTransferHasJaxsTermsAndGradient) {
  const std::string content = "relu3_1";
  network_.add_distance("content " + content, content, features_of(run_, image("content"), {content})[0], 5);
  GramKeys gram;
  gram.layers = {"relu1_1", "relu2_1", "relu3_1"};
  gram.weight = 1e6;
  auto targets = grams_of(run_, image("one"), gram.layers, gram.divisor);
  const auto other = grams_of(run_, image("two"), gram.layers, gram.divisor);
  for (size_t i = 0; i < targets.size(); ++i)
    for (size_t k = 0; k < targets[i].values.size(); ++k)
      targets[i].values[k] = 0.75F * targets[i].values[k] + 0.25F * other[i].values[k];
  gram.add_terms(network_, targets);
  VariationKeys(1e-9).add_term(network_);
  expect_golden("style_transfer");
}

TEST_F(StyleGolden, InversionHasJaxsTermsAndGradient) {
  const std::string layer = "relu3_1";
  const Array target = features_of(run_, image("content"), {layer})[0];
  network_.add_relative_distance("features", layer, target, 100);
  network_.add_usual_variation("variation", 1.5, 2);
  network_.add_usual_norm("norm", 6, 3);
  expect_golden("inversion");
}

double mean(const Image& image, int channel) {
  double sum = 0;
  for (int y = 0; y < image.height; ++y)
    for (const float value : image.row(channel, y)) sum += value;
  return sum / (image.height * image.width);
}

double covariance(const Image& image, int a, int b) {
  double sum = 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      sum += (image.at(a, y, x) - mean(image, a)) * (image.at(b, y, x) - mean(image, b));
  return sum / (image.height * image.width);
}

TEST_F(StyleGolden, ColoursAreMovedToTheMomentsOfThePhotos) {
  Image photo = image("content");
  for (int y = 0; y < photo.height; ++y)
    for (int x = 0; x < photo.width; ++x) {  // colours that vary together, well inside the range
      photo.at(0, y, x) = 0.4F + 0.1F * photo.at(0, y, x) + 0.1F * photo.at(1, y, x);
      photo.at(2, y, x) = 0.3F + 0.2F * photo.at(2, y, x);
      photo.at(1, y, x) = 0.5F + 0.1F * photo.at(1, y, x);
    }
  const Image moved = with_colours_of(photo, image("one"));
  for (int a = 0; a < 3; ++a) {
    EXPECT_NEAR(mean(moved, a), mean(photo, a), 1e-4);
    for (int b = 0; b < 3; ++b) EXPECT_NEAR(covariance(moved, a, b), covariance(photo, a, b), 2e-5);
  }
}

TEST_F(StyleGolden, AGreyPictureKeepsThePhotosChroma) {
  const Image photo = image("content"), picture = image("one"), mixed = with_luminance(photo, picture);
  const Image wanted = luminance(picture), found = luminance(mixed);
  for (size_t i = 0; i < wanted.values.size(); ++i) ASSERT_NEAR(found.values[i], wanted.values[i], 1e-5);
  for (int x = 0; x < photo.width; ++x)
    ASSERT_NEAR(mixed.at(0, 0, x) - mixed.at(1, 0, x), photo.at(0, 0, x) - photo.at(1, 0, x), 1e-5);
}

}  // namespace
}  // namespace convlens::test
