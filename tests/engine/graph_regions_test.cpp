// Receptive fields: pixels outside of one change nothing, the pixels of its rim change something; and the other way
// about, the part of a map that a patch of the image reaches.

#include "engine/graph_regions.h"

#include <gtest/gtest.h>

#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

ModelBuilder plain() {
  ModelBuilder b({1, 3, 40, 36});
  b.add("conv1", "conv2d", {{"out_channels", 4}, {"kernel_size", 5}, {"stride", 2}, {"padding", 2}});
  b.add("relu1", "relu");
  b.add("pool1", "max_pool2d", {{"kernel_size", 3}, {"stride", 2}, {"ceil_mode", true}});
  b.add("conv2", "conv2d", {{"out_channels", 6}, {"kernel_size", 3}, {"padding", "same"}, {"dilation", 2}});
  return b;
}

ModelBuilder residual() {
  ModelBuilder b({1, 3, 32, 40});
  b.add("stem", "conv2d", {{"out_channels", 4}, {"kernel_size", 3}, {"stride", 2}, {"padding", 1}});
  b.add("a", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"stride", 2}, {"padding", 1}});
  b.add("a_bn", "batch_norm");
  b.add("b", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}});
  b.add("skip", "conv2d", {{"out_channels", 8}, {"kernel_size", 1}, {"stride", 2}}, {"stem"});
  b.add("sum", "add", Json::object(), {"b", "skip"});
  return b;
}

ModelBuilder inception() {
  ModelBuilder b({1, 3, 30, 30});
  b.add("stem", "conv2d", {{"out_channels", 4}, {"kernel_size", 3}, {"stride", 2}});
  b.add("one", "conv2d", {{"out_channels", 4}, {"kernel_size", 1}}, {"stem"});
  b.add("five", "conv2d", {{"out_channels", 4}, {"kernel_size", 5}, {"padding", 2}}, {"stem"});
  b.add("pool", "max_pool2d", {{"kernel_size", 3}, {"stride", 1}, {"padding", 1}}, {"stem"});
  b.add("cat", "concat", Json::object(), {"one", "five", "pool"});
  b.add("norm", "lrn", {{"size", 5}});
  return b;
}

ModelBuilder depthwise_and_up() {
  ModelBuilder b({1, 4, 24, 28});
  b.add("frame", "pad", {{"padding", 2}, {"mode", "reflect"}});
  b.add("deep", "conv2d", {{"out_channels", 4}, {"kernel_size", 3}, {"groups", 4}, {"stride", 2}});
  b.add("up", "upsample", {{"scale_factor", 2}, {"mode", "bilinear"}});
  b.add("transposed", "conv_transpose2d", {{"out_channels", 3}, {"kernel_size", 4}, {"stride", 2}, {"padding", 1}});
  return b;
}

class ReceptiveField : public ::testing::TestWithParam<ModelBuilder (*)()> {
 protected:
  ReceptiveField()
      : model_(builder_.model()),
        session_(model_, {.device = Device::reference, .observe = {model_.output}, .rewrite = false}),
        image_(random_array(model_.inputs[0].shape, builder_.random())) {}

  /// The channels of one unit's place.
  std::vector<float> unit(const Array& image, int64_t y, int64_t x) {
    session_.set_input("image", image);
    session_.forward();
    const Array value = session_.value(model_.output);
    std::vector<float> channels;
    for (int64_t c = 0; c < value.shape.c(); ++c)
      channels.push_back(value.values[static_cast<size_t>(value.view().desc.offset(0, c, y, x))]);
    return channels;
  }

  template <class Changes>
  Array changed(const Changes& changes) {
    Array image = image_;
    const Array noise = random_array(image.shape, builder_.random());
    const Shape& s = image.shape;
    for (int64_t c = 0; c < s.c(); ++c)
      for (int64_t y = 0; y < s.h(); ++y)
        for (int64_t x = 0; x < s.w(); ++x)
          if (const auto i = static_cast<size_t>(image.view().desc.offset(0, c, y, x)); changes(y, x))
            image.values[i] += 5 * noise.values[i];
    return image;
  }

  template <class OnLine>
  bool matters(int64_t y, int64_t x, const OnLine& on_line) {
    const auto before = unit(image_, y, x);
    for (int attempt = 0; attempt < 20; ++attempt)
      if (unit(changed(on_line), y, x) != before) return true;
    return false;
  }

  ModelBuilder builder_ = GetParam()();
  const Model& model_;
  Session session_;
  Array image_;
};

TEST_P(ReceptiveField, HoldsAllPixelsThatMatterAndEndsWithThem) {
  const GraphRegions regions(model_);
  const Shape& map = regions.shape(model_.output);
  for (const auto& [y, x] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {map.h() / 2, map.w() / 2}, {map.h() / 2 + 1, map.w() / 3}, {map.h() - 1, map.w() - 1}}) {
    const Region f = regions.receptive_field(model_.output, unit_at(y, x), "image");
    const auto inside = [&](int64_t v, int64_t u) { return !intersection(f, unit_at(v, u)).empty(); };
    EXPECT_EQ(unit(changed([&](int64_t v, int64_t u) { return !inside(v, u); }), y, x), unit(image_, y, x));
    EXPECT_TRUE(matters(y, x, [&](int64_t v, int64_t u) { return inside(v, u) && v == f.y.begin; })) << "top";
    EXPECT_TRUE(matters(y, x, [&](int64_t v, int64_t u) { return inside(v, u) && v == f.y.end - 1; })) << "bottom";
    EXPECT_TRUE(matters(y, x, [&](int64_t v, int64_t u) { return inside(v, u) && u == f.x.begin; })) << "left";
    EXPECT_TRUE(matters(y, x, [&](int64_t v, int64_t u) { return inside(v, u) && u == f.x.end - 1; })) << "right";
  }
}

TEST_P(ReceptiveField, IsWhatReachesTheUnit) {
  const GraphRegions regions(model_);
  const Shape &image = regions.shape("image"), &map = regions.shape(model_.output);
  for (const Region& patch : {Region{{0, 3}, {0, 5}}, Region{{13, 14}, {9, 10}}, Region{{17, 24}, {20, 28}}}) {
    const Region reached = regions.reached("image", intersection(patch, whole_map(image))).at(model_.output);
    for (int64_t y = 0; y < map.h(); ++y) {
      const Region read = regions.receptive_field(model_.output, unit_at(y, 0), "image");
      if (!intersection(read.y, patch.y).empty()) {
        EXPECT_TRUE(y >= reached.y.begin && y < reached.y.end) << y;
      }
    }
    // Nothing outside changes.
    const auto in_patch = [&](int64_t v, int64_t u) { return !intersection(patch, unit_at(v, u)).empty(); };
    session_.set_input("image", image_);
    session_.forward();
    const Array before = session_.value(model_.output);
    session_.set_input("image", changed(in_patch));
    session_.forward();
    const Array after = session_.value(model_.output);
    for (int64_t c = 0; c < map.c(); ++c)
      for (int64_t y = 0; y < map.h(); ++y)
        for (int64_t x = 0; x < map.w(); ++x) {
          if (!intersection(reached, unit_at(y, x)).empty()) continue;
          const auto i = static_cast<size_t>(after.view().desc.offset(0, c, y, x));
          ASSERT_EQ(after.values[i], before.values[i]) << y << " " << x;
        }
  }
}

INSTANTIATE_TEST_SUITE_P(Graphs, ReceptiveField, ::testing::Values(plain, residual, inception, depthwise_and_up));

// Two 3 x 3 windows with a pool between them: 1 + 2, times the stride of 2 and 1 more, + 2.
TEST(GraphRegions, FollowsTheFormula) {
  ModelBuilder b({1, 3, 40, 40});
  b.add("conv1", "conv2d", {{"out_channels", 4}, {"kernel_size", 3}, {"padding", 1}});
  b.add("pool", "max_pool2d", {{"kernel_size", 2}});
  b.add("conv2", "conv2d", {{"out_channels", 4}, {"kernel_size", 3}, {"padding", 1}});
  const GraphRegions regions(b.model());
  EXPECT_EQ(regions.receptive_field("conv2", unit_at(10, 5), "image"), (Region{{17, 25}, {7, 15}}));
  EXPECT_EQ(regions.receptive_field("conv2", unit_at(0, 19), "image"), (Region{{0, 5}, {35, 40}}));
  EXPECT_EQ(regions.receptive_field("conv2", unit_at(3, 3), "pool"), (Region{{2, 5}, {2, 5}}));
  EXPECT_TRUE(regions.receptive_field("conv1", unit_at(3, 3), "conv2").empty());
  EXPECT_EQ(regions.reached("image", {{17, 18}, {8, 9}}).at("conv2"), (Region{{7, 11}, {2, 6}}));
}

TEST(GraphRegions, KnowsItsNames) {
  const auto b = plain();
  EXPECT_THROW(GraphRegions(b.model()).shape("conv3"), InputError);
}

}  // namespace
}  // namespace convlens::test
