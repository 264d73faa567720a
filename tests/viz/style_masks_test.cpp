// Style in a region of the picture, on a network of a few filters: the guidance channel, the gradient of its term, and
// that nothing of it reaches beyond what the layer sees of the region.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/base/temporary_folder.h"
#include "tests/weights/tiny_model.h"
#include "viz/optimisation/pixels.h"
#include "viz/run.h"
#include "viz/style/guides.h"
#include "viz/style/picture_network.h"
#include "viz/training/random.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

constexpr int height = 20, width = 28;
const std::string divisor = "chw";

// White in the columns before `end`.
Image white_before(int end) {
  Image mask = make_image(1, height, width);
  for (int y = 0; y < height; ++y) std::ranges::fill(mask.row(0, y).first(static_cast<size_t>(end)), 1.0F);
  return mask;
}

// In 256 levels, so that steps of a level and of parts of it are exact.
Image drawn(int64_t seed) {
  Image image = make_image(3, height, width);
  Random random(seed);
  for (float& value : image.values) value = static_cast<float>(random.below(256)) / 256;
  return image;
}

TEST(GuidanceChannel, HasOneForTheMeanOfItsSquares) {
  const Array half = guidance_channel(white_before(width / 2), height, width);
  double squares = 0;
  for (const float value : half.values) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares / static_cast<double>(half.values.size()), 1, 1e-6);
  EXPECT_NEAR(half.values.front(), std::sqrt(2.0), 1e-6);
  EXPECT_EQ(half.values.back(), 0);
  for (const float value : guidance_channel(white_before(width), 7, 5).values) EXPECT_NEAR(value, 1, 1e-6);
}

class StyleMasks : public ::testing::Test {
 protected:
  struct Evaluation {
    double value;
    Array gradient;
  };

  StyleMasks() : run_(config_, model_, section_) {}

  PictureNetwork network() const { return {run_, {height, width}}; }

  Evaluation evaluate(const PictureNetwork& network, const Array& pixels) {
    Evaluation evaluation;
    evaluation.value = network.evaluator(run_, std::nullopt)->evaluate(0, pixels, evaluation.gradient);
    return evaluation;
  }

  Array pixels(int64_t seed) const { return to_pixels(drawn(seed), model_.image_input()); }
  Array target(int64_t seed) { return grams_of(run_, drawn(seed), {layer}, divisor)[0]; }

  // The distance from a style in the region of a mask.
  PictureNetwork guided(const Image& mask, int64_t style) {
    PictureNetwork network = this->network();
    network.add_guided_gram_distance("style", layer, mask, target(style), divisor, 1000);
    return network;
  }

  static constexpr const char* layer = "relu2";

  static Model tiny_model() {
    const test::TemporaryFolder folder;
    test::write_tiny_model(folder.path());
    return *read_model(folder.path());
  }

  // By the loops in double.
  static RunConfig on_reference() {
    RunConfig config;
    config.keys.device = "reference";
    return config;
  }

  RunConfig config_ = on_reference();
  Model model_ = tiny_model();
  Section section_;
  viz::Run run_;
};

// To within the rounding of the resized mask, whose numbers are 1 to 1e-7.
TEST_F(StyleMasks, WhiteIsNoMask) {
  PictureNetwork plain = network();
  plain.add_gram_distance("style", layer, target(2), divisor, 1000);
  const Evaluation expected = evaluate(plain, pixels(1)), found = evaluate(guided(white_before(width), 2), pixels(1));
  EXPECT_NEAR(found.value, expected.value, 1e-5 * expected.value);
  const float largest = std::ranges::max(expected.gradient.values);
  for (size_t i = 0; i < expected.gradient.values.size(); ++i)
    ASSERT_NEAR(found.gradient.values[i], expected.gradient.values[i], 1e-5 * largest) << i;
}

TEST_F(StyleMasks, GradientIsThatOfFiniteDifferences) {
  const PictureNetwork network = guided(white_before(width / 2), 2);
  const Array x = pixels(1), gradient = evaluate(network, x).gradient;
  constexpr float step = 1.0F / 65536;
  for (int64_t direction = 0; direction < 3; ++direction) {
    Random random(3, direction);
    Array before = x, after = x;
    double slope = 0;
    for (size_t i = 0; i < x.values.size(); ++i) {
      const float sign = random.below(2) == 0 ? -1.0F : 1.0F;
      before.values[i] -= sign * step;
      after.values[i] += sign * step;
      slope += static_cast<double>(sign) * gradient.values[i];
    }
    const double difference = (evaluate(network, after).value - evaluate(network, before).value) / (2 * step);
    EXPECT_NEAR(difference, slope, 1e-3 * std::abs(slope)) << direction;
  }
}

// The shrunk mask blurs into one more column of the pooled map, relu2 sees another, each of two pixels, and relu1 one
// pixel more.
TEST_F(StyleMasks, BeyondWhatTheRegionsFeaturesSeeNothingIsPainted) {
  constexpr int end = 8, reach = 5;
  const Array gradient = evaluate(guided(white_before(end), 2), pixels(1)).gradient;
  const auto largest_in_column = [&](int x) {
    float largest = 0;
    for (size_t row = 0; row < 3 * height; ++row)
      largest = std::max(largest, std::abs(gradient.values[row * width + static_cast<size_t>(x)]));
    return largest;
  };
  for (int x = 0; x < end + reach; ++x) EXPECT_GT(largest_in_column(x), 0) << x;
  for (int x = end + reach; x < width; ++x) EXPECT_EQ(largest_in_column(x), 0) << x;
}

// G = sum over places of T^2 F F^T / (C H W).
TEST_F(StyleMasks, GuidedGramIsTheRegionsMean) {
  const Array features = features_of(run_, drawn(1), {layer})[0];
  const auto channels = static_cast<size_t>(features.shape[0]), places = features.values.size() / channels;
  const Array guide = guidance_channel(white_before(12), features.shape[1], features.shape[2]);
  const Array found = guided_grams_of(run_, drawn(1), white_before(12), {layer}, divisor)[0];
  for (size_t a = 0; a < channels; ++a)
    for (size_t b = 0; b < channels; ++b) {
      double sum = 0;
      for (size_t i = 0; i < places; ++i)
        sum += std::pow(static_cast<double>(guide.values[i]), 2) * features.values[a * places + i] *
               features.values[b * places + i];
      const double expected = sum / static_cast<double>(channels * places);
      ASSERT_NEAR(found.values[a * channels + b], expected, 1e-5 * std::abs(expected) + 1e-9);
    }
}

}  // namespace
}  // namespace convlens::viz
