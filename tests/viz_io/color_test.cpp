#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/base/error.h"
#include "tests/viz_io/error_of.h"
#include "viz/io/color_map.h"
#include "viz/io/normalize.h"
#include "viz/io/overlay.h"
#include "viz/io/tile.h"

namespace convlens::viz {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Image row(std::vector<float> values) { return {1, 1, static_cast<int>(values.size()), std::move(values)}; }

std::array<int, 3> color(ColorMap map, float value) {
  const Image rgb = apply(map, row({value}));
  return {int(std::lround(rgb.values[0] * 255)), int(std::lround(rgb.values[1] * 255)),
          int(std::lround(rgb.values[2] * 255))};
}

using Rgb = std::array<int, 3>;

TEST(ColorMap, HasThePublishedColours) {
  // Matplotlib 3's tables at entries 0, 64 and 255.
  EXPECT_EQ(color(ColorMap::viridis, 0.0f), (Rgb{68, 1, 84}));
  EXPECT_EQ(color(ColorMap::viridis, 64 / 255.0f), (Rgb{59, 82, 139}));
  EXPECT_EQ(color(ColorMap::viridis, 1.0f), (Rgb{253, 231, 37}));
  EXPECT_EQ(color(ColorMap::inferno, 0.0f), (Rgb{0, 0, 4}));
  EXPECT_EQ(color(ColorMap::inferno, 1.0f), (Rgb{252, 255, 164}));
  EXPECT_EQ(color(ColorMap::turbo, 0.0f), (Rgb{48, 18, 59}));
  EXPECT_EQ(color(ColorMap::turbo, 1.0f), (Rgb{122, 4, 3}));
  EXPECT_EQ(color(ColorMap::coolwarm, 0.0f), (Rgb{59, 76, 192}));
  EXPECT_EQ(color(ColorMap::coolwarm, 0.5f), (Rgb{221, 220, 220}));
  EXPECT_EQ(color(ColorMap::coolwarm, 1.0f), (Rgb{180, 4, 38}));
  EXPECT_EQ(color(ColorMap::grey, 0.2f), (Rgb{51, 51, 51}));
}

TEST(ColorMap, PerceptualMapsGrowLighter) {
  for (const ColorMap map : {ColorMap::viridis, ColorMap::inferno}) {
    double before = -1.0;
    for (int level = 0; level < 256; ++level) {
      const Rgb c = color(map, float(level) / 255.0f);
      const double luma = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
      EXPECT_GT(luma, before - 0.3) << level;
      before = luma;
    }
  }
}

TEST(ColorMap, ClampsAndRefusesNan) {
  EXPECT_EQ(color(ColorMap::viridis, -2.0f), color(ColorMap::viridis, 0.0f));
  EXPECT_EQ(color(ColorMap::viridis, 9.0f), color(ColorMap::viridis, 1.0f));
  EXPECT_THROW(apply(ColorMap::viridis, row({nan})), InternalError);
  EXPECT_THROW(apply(ColorMap::viridis, make_image(3, 1, 1)), InternalError);
}

TEST(ColorMap, IsFoundByNameAndTheErrorListsTheKnown) {
  EXPECT_EQ(color_map_by_name("inferno"), ColorMap::inferno);
  const std::string error = error_of<InputError>([] { color_map_by_name("jet"); });
  EXPECT_EQ(error, "there is no colour map 'jet'; known are grey, viridis, inferno, turbo, coolwarm");
}

TEST(Normalize, MinimumToZeroMaximumToOne) {
  EXPECT_EQ(to_unit_range(row({-1, 0, 3})).values, (std::vector<float>{0, 0.25f, 1}));
  EXPECT_EQ(to_unit_range(row({5, 5})).values, (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(to_unit_range(row({-3e38f, 3e38f})).values, (std::vector<float>{0, 1}));
}

TEST(Normalize, SeveralImagesOnOneScale) {
  const std::vector<Image> images = {row({0, 1}), row({-1, 0.5f})};
  const Range range = value_range(images);
  EXPECT_EQ(range.low, -1.0f);
  EXPECT_EQ(range.high, 1.0f);
  EXPECT_EQ(scale_to_unit(images[0], range).values, (std::vector<float>{0.5f, 1}));
}

TEST(Normalize, PercentileIsNumpys) {
  std::vector<float> values;
  for (int i = 0; i < 150; ++i) values.push_back(float((i * 37) % 150));
  // numpy.percentile(arange(150), 99) = 147.51
  const Image unit = to_unit_range_clipped(row(values));
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(unit.values[i], std::min(values[i] / 147.51, 1.0), 1e-6) << values[i];
  }
  EXPECT_EQ(to_unit_range_clipped(row({2, 2, 2})).values, (std::vector<float>{0, 0, 0}));
}

TEST(Normalize, ALonePeakStaysVisible) {
  std::vector<float> values(1000, 0.0f);
  values[17] = 4.0f;
  EXPECT_EQ(to_unit_range_clipped(row(values)).values[17], 1.0f);
  values[17] = -4.0f;
  EXPECT_EQ(signed_to_unit_range(row(values)).values[17], 0.0f);
}

TEST(Normalize, SignedMapsKeepZeroInTheMiddle) {
  EXPECT_EQ(signed_to_unit_range(row({-1, 0, 2}), 100.0).values, (std::vector<float>{0.25f, 0.5f, 1}));
  EXPECT_EQ(signed_to_unit_range(row({0, 0})).values, (std::vector<float>{0.5f, 0.5f}));
}

TEST(Normalize, RefusesWhatIsNotFinite) {
  for (const float bad : {nan, std::numeric_limits<float>::infinity()}) {
    EXPECT_THROW(to_unit_range(row({0, bad})), InternalError);
    EXPECT_THROW(to_unit_range_clipped(row({0, bad})), InternalError);
    EXPECT_THROW(signed_to_unit_range(row({0, bad})), InternalError);
  }
  EXPECT_THROW(to_unit_range(Image{}), InternalError);
}

TEST(TileGrid, PlacesTilesWithGaps) {
  const std::vector<Image> tiles = {row({0.1f, 0.2f}), row({0.3f, 0.4f}), row({0.5f, 0.6f})};
  const Image grid = tile_grid(tiles, 2, 1, 1.0f);
  ASSERT_EQ(shape_text(grid), "1 x 5 x 7");
  EXPECT_EQ(grid.values, (std::vector<float>{1, 1,    1,    1, 1,    1,    1,  //
                                             1, 0.1f, 0.2f, 1, 0.3f, 0.4f, 1,  //
                                             1, 1,    1,    1, 1,    1,    1,  //
                                             1, 0.5f, 0.6f, 1, 1,    1,    1,  //
                                             1, 1,    1,    1, 1,    1,    1}));
}

TEST(TileGrid, PlacesEveryChannel) {
  std::vector<Image> tiles = {make_image(3, 1, 1), make_image(3, 1, 1)};
  tiles[0].values = {1, 2, 3};
  tiles[1].values = {4, 5, 6};
  EXPECT_EQ(tile_grid(tiles, 2, 0).values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(TileGrid, RefusesNoTilesAndUnequalOnes) {
  EXPECT_THROW(tile_grid({}, 2), InternalError);
  const std::vector<Image> unequal = {row({1}), row({1, 2})};
  EXPECT_THROW(tile_grid(unequal, 2), InternalError);
}

TEST(TileGrid, SquareColumns) {
  EXPECT_EQ(square_columns(64, 11, 11), 8);
  EXPECT_EQ(square_columns(8, 2, 4), 2);
  EXPECT_EQ(square_columns(1, 5, 5), 1);
}

TEST(Enlarge, RepeatsPixels) {
  EXPECT_EQ(enlarge(row({0, 1}), 2).values, (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST(Overlay, BlendsTheColouredMapOverThePhoto) {
  const Image photo = make_image(1, 4, 6, 0.5f);
  const Image blended = overlay(photo, make_image(1, 2, 2, 1.0f), ColorMap::turbo, 0.25f);
  ASSERT_EQ(shape_text(blended), "3 x 4 x 6");
  EXPECT_NEAR(blended.at(0, 3, 5), 0.75 * 0.5 + 0.25 * 122 / 255, 1e-6);
  EXPECT_NEAR(blended.at(2, 0, 0), 0.75 * 0.5 + 0.25 * 3 / 255, 1e-6);
  EXPECT_THROW(overlay(photo, photo, ColorMap::turbo, 1.5f), InternalError);
}

}  // namespace
}  // namespace convlens::viz
