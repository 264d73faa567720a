// Receptive fields in graphs of known networks, with random weights, by the reference loops in double: pixels outside
// of a unit's field change nothing in it, pixels on each side of its rim do.

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "engine/graph_regions.h"
#include "engine/session.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

class ReceptiveFieldOf : public ::testing::TestWithParam<const char*> {
 protected:
  /// The deepest layer of which a unit in the middle sees at most half of the image's height.
  static std::string deep_layer(const Model& model, const GraphRegions& regions, const Shape& image) {
    std::string deepest;
    for (const Layer& layer : model.layers) {
      const Shape& s = regions.shape(layer.name);
      const Region field = regions.receptive_field(layer.name, unit_at(s.h() / 2, s.w() / 2), model.inputs[0].name);
      if (2 * field.y.size() <= image.h()) deepest = layer.name;
    }
    return deepest;
  }

  /// Random numbers, others wherever `changes(y, x)`.
  template <class Changes>
  static Array image_if(const Shape& shape, const Changes& changes) {
    std::mt19937_64 random(1), other(2);
    std::normal_distribution<float> normal;
    Array image(shape);
    for (int64_t c = 0; c < shape.c(); ++c)
      for (int64_t y = 0; y < shape.h(); ++y)
        for (int64_t x = 0; x < shape.w(); ++x) {
          const float a = normal(random), b = 3 * normal(other);
          image.values[static_cast<size_t>(image.view().desc.offset(0, c, y, x))] = changes(y, x) ? b : a;
        }
    return image;
  }
};

TEST_P(ReceptiveFieldOf, HoldsAllPixelsThatMatterAndEndsWithThem) {
  const auto model = read_model(std::filesystem::path(CONVLENS_TEST_MODELS) / "random" / GetParam());
  const std::string& input = model->inputs[0].name;
  const Shape shape{1, 3, 64, 64};
  const GraphRegions regions(*model, {{input, shape}});
  const std::string layer = deep_layer(*model, regions, shape);
  Session session(
      *model, {.device = Device::reference, .input_shapes = {{input, shape}}, .observe = {layer}, .rewrite = false});
  const Shape& map = regions.shape(layer);
  const int64_t unit_y = map.h() / 2, unit_x = map.w() / 2;
  const Region f = regions.receptive_field(layer, unit_at(unit_y, unit_x), input);
  ASSERT_GE(f.y.size(), 16) << layer;
  const auto unit = [&](const auto& changes) {
    session.set_input(input, image_if(shape, changes));
    session.forward();
    const Array value = session.value(layer);
    std::vector<float> channels;
    for (int64_t c = 0; c < map.c(); ++c)
      channels.push_back(value.values[static_cast<size_t>(value.view().desc.offset(0, c, unit_y, unit_x))]);
    return channels;
  };
  const auto inside = [&](int64_t y, int64_t x) { return !intersection(f, unit_at(y, x)).empty(); };
  const auto before = unit([](int64_t, int64_t) { return false; });
  EXPECT_EQ(unit([&](int64_t y, int64_t x) { return !inside(y, x); }), before) << layer;
  EXPECT_NE(unit([&](int64_t y, int64_t x) { return inside(y, x) && y == f.y.begin; }), before) << layer << ", top";
  EXPECT_NE(unit([&](int64_t y, int64_t x) { return inside(y, x) && y == f.y.end - 1; }), before)
      << layer << ", bottom";
  EXPECT_NE(unit([&](int64_t y, int64_t x) { return inside(y, x) && x == f.x.begin; }), before) << layer << ", left";
  EXPECT_NE(unit([&](int64_t y, int64_t x) { return inside(y, x) && x == f.x.end - 1; }), before) << layer << ", right";
}

INSTANTIATE_TEST_SUITE_P(Networks, ReceptiveFieldOf,
                         ::testing::Values("resnet18", "bvlc_googlenet", "mobilenet_v2", "densenet121",
                                           "squeezenet1_1"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace convlens::test
