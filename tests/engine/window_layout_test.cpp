// Pictures taken apart into windows: own parts make up each map, and what they depend on lies in their windows.

#include "engine/window_layout.h"

#include <gtest/gtest.h>

#include "engine/graph_regions.h"
#include "kernels/base/error.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

ModelBuilder pyramid() {
  ModelBuilder b({1, 3, 40, 36});
  b.add("conv1", "conv2d", {{"out_channels", 4}, {"kernel_size", Json{5, 3}}, {"stride", 2}, {"padding", Json{2, 1}}});
  b.add("pool1", "max_pool2d", {{"kernel_size", 3}, {"stride", 2}, {"ceil_mode", true}});
  b.add("conv2", "conv2d", {{"out_channels", 6}, {"kernel_size", 3}, {"padding", "same"}, {"dilation", 2}});
  b.add("narrow", "conv2d", {{"out_channels", 4}, {"kernel_size", 1}}, {"pool1"});
  b.add("sum", "concat", Json::object(), {"conv2", "narrow"});
  b.add("all", "adaptive_avg_pool2d", {{"output_size", 1}});
  b.add("up", "upsample", {{"scale_factor", 2}}, {"sum"});
  return b;
}

class WindowLayoutTest : public ::testing::TestWithParam<Pair> {
 protected:
  const ModelBuilder builder_ = pyramid();
  const std::vector<std::string> layers_{"conv1", "sum"};
};

TEST_P(WindowLayoutTest, OwnPartsMakeUpEachMap) {
  const GraphRegions regions(builder_.model(), {{"image", {1, 3, GetParam()[0], GetParam()[1]}}});
  for (const WindowGrid& grid : WindowLayout(builder_.model(), "image", layers_, GetParam()).grids())
    for (const std::string& layer : layers_) {
      const Shape& map = regions.shape(layer);
      EXPECT_EQ(grid.map(layer), (Pair{map.h(), map.w()}));
      std::vector<int> owners(static_cast<size_t>(map.h() * map.w()));
      for (size_t i = 0; i < grid.size(); ++i) {
        const Region own = grid.own(i, layer);
        for (int64_t y = own.y.begin; y < own.y.end; ++y)
          for (int64_t x = own.x.begin; x < own.x.end; ++x) ++owners[static_cast<size_t>(y * map.w() + x)];
      }
      EXPECT_EQ(owners, std::vector<int>(owners.size(), 1)) << layer << ", " << grid.size() << " windows";
    }
}

TEST_P(WindowLayoutTest, WhatOwnPartsDependOnLiesInTheirWindows) {
  const GraphRegions regions(builder_.model(), {{"image", {1, 3, GetParam()[0], GetParam()[1]}}});
  size_t most = 0;
  for (const WindowGrid& grid : WindowLayout(builder_.model(), "image", layers_, GetParam()).grids()) {
    most = std::max(most, grid.size());
    const auto [height, width] = grid.window_size();
    const GraphRegions of_window(builder_.model(), {{"image", {1, 3, height, width}}});
    for (size_t i = 0; i < grid.size(); ++i)
      for (const std::string& layer : layers_) {
        const Region window = grid.window(i), own = grid.own(i, layer), within = grid.own_in_window(i, layer);
        const Region seen = regions.receptive_field(layer, own, "image");
        EXPECT_EQ(intersection(seen, window), seen);
        Region expected = of_window.receptive_field(layer, within, "image");
        expected = {{expected.y.begin + window.y.begin, expected.y.end + window.y.begin},
                    {expected.x.begin + window.x.begin, expected.x.end + window.x.begin}};
        EXPECT_EQ(expected, seen);
        EXPECT_EQ(grid.window_map(layer), (Pair{of_window.shape(layer).h(), of_window.shape(layer).w()}));
      }
  }
  EXPECT_GE(most, 6U);
}

TEST_P(WindowLayoutTest, BeginsWithTheWholeAndGoesOnToMoreWork) {
  const auto grids = WindowLayout(builder_.model(), "image", layers_, GetParam()).grids();
  ASSERT_FALSE(grids.empty());
  EXPECT_EQ(grids[0].size(), 1U);
  EXPECT_EQ(grids[0].window_size(), GetParam());
  for (size_t i = 1; i < grids.size(); ++i) EXPECT_GE(grids[i].area(), grids[i - 1].area());
}

INSTANTIATE_TEST_SUITE_P(Pictures, WindowLayoutTest, ::testing::Values(Pair{160, 131}, Pair{97, 200}));

TEST(WindowLayoutOf, NamesTheLayerThatCannotBeTakenApart) {
  const ModelBuilder builder = pyramid();
  const auto refusal = [&](const std::string& layer) -> std::string {
    try {
      WindowLayout(builder.model(), "image", {layer}, {100, 100});
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal("all"), "layer 'all' depends on the whole picture");
  EXPECT_EQ(refusal("up"), "layer 'up' depends on its surroundings in another way at each place");
}

}  // namespace
}  // namespace convlens::test
