#include "viz/io/resize.h"
#include "tests/viz_io/data_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "kernels/base/error.h"
#include "viz/io/npy.h"

namespace convlens::viz {
namespace {

// The picture of make_data.py.
Image pattern(int height, int width) {
  Image image = make_image(1, height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.at(0, y, x) = float((37 * y + 101 * x) % 97) / 96.0f;
  }
  return image;
}

struct Golden {
  const char* name;
  Filter filter;
};

class ResizeAsPillow : public testing::TestWithParam<Golden> {};

TEST_P(ResizeAsPillow, EqualsToRounding) {
  for (const std::string size : {"smaller", "larger", "mixed"}) {
    const NpyArray golden = read_npy(data_file("resize_" + std::string(GetParam().name) + "_" + size + ".npy"));
    const Image result = resize(pattern(23, 17), int(golden.shape[0]), int(golden.shape[1]), GetParam().filter);
    ASSERT_EQ(result.values.size(), golden.values.size());
    for (size_t i = 0; i < golden.values.size(); ++i) {
      // Two passes of sums of at most 20 products of numbers below 1.2, in single precision.
      ASSERT_TRUE(std::abs(result.values[i] - golden.values[i]) <= 1e-6f)
          << size << " " << i << ": " << result.values[i] << " instead of " << golden.values[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Filters, ResizeAsPillow,
                         testing::Values(Golden{"nearest", Filter::nearest}, Golden{"bilinear", Filter::bilinear},
                                         Golden{"bicubic", Filter::bicubic}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Resize, TreatsChannelsAlike) {
  Image rgb = make_image(3, 23, 17);
  const Image grey = pattern(23, 17);
  for (size_t i = 0; i < grey.values.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) rgb.values[c * grey.values.size() + i] = grey.values[i] * float(c + 1);
  }
  const Image small = resize(rgb, 7, 9, Filter::bicubic);
  const Image expected = resize(grey, 7, 9, Filter::bicubic);
  for (size_t i = 0; i < small.values.size(); ++i) {
    const float factor = float(i / expected.values.size() + 1);
    EXPECT_NEAR(small.values[i], factor * expected.values[i % expected.values.size()], 2e-6);
  }
}

TEST(Resize, KeepsAConstantAndTheSameSize) {
  for (const Filter filter : {Filter::nearest, Filter::bilinear, Filter::bicubic}) {
    for (const float value : resize(make_image(1, 9, 5, 0.7f), 4, 11, filter).values) EXPECT_NEAR(value, 0.7f, 1e-6);
    EXPECT_EQ(resize(pattern(6, 5), 6, 5, filter).values, pattern(6, 5).values);
  }
}

TEST(Resize, FourPixelsBecomeOneByTheirMean) {
  Image image = make_image(1, 2, 2);
  image.values = {0.0f, 0.2f, 0.4f, 1.0f};
  EXPECT_NEAR(resize(image, 1, 1, Filter::bilinear).values[0], 0.4f, 1e-7);
}

TEST(Resize, RefusesNoSize) {
  EXPECT_THROW(resize(pattern(4, 4), 0, 4, Filter::bilinear), InternalError);
  EXPECT_THROW(resize(Image{}, 4, 4, Filter::bilinear), InternalError);
}

TEST(CenterCrop, CutsWhereTorchvisionDoes) {
  const Image image = pattern(9, 12);
  // Python's round(): (9 - 4) / 2 = 2.5 -> 2, (12 - 5) / 2 = 3.5 -> 4.
  const Image crop = center_crop(image, 4, 5);
  ASSERT_EQ(shape_text(crop), "1 x 4 x 5");
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 5; ++x) EXPECT_EQ(crop.at(0, y, x), image.at(0, y + 2, x + 4));
  }
  EXPECT_THROW(center_crop(image, 10, 5), InternalError);
}

}  // namespace
}  // namespace convlens::viz
