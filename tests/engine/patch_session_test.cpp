// What is computed of the changed parts alone, against whole images.

#include "engine/patch_session.h"

#include <gtest/gtest.h>

#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

// The pool sees negative numbers, of which its padding is none.
ModelBuilder sequential() {
  ModelBuilder b({1, 3, 64, 56});
  b.add("conv1", "conv2d", {{"out_channels", 8}, {"kernel_size", 5}, {"stride", 2}, {"padding", "same"}});
  b.add("pool1", "max_pool2d", {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"ceil_mode", true}});
  b.add("conv2", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}});
  b.add("bn2", "batch_norm");
  b.add("relu2", "relu");
  b.add("pool2", "avg_pool2d", {{"kernel_size", 2}, {"padding", 1}});
  b.add("mean", "adaptive_avg_pool2d");
  b.add("fc", "linear", {{"out_features", 5}});
  return b;
}

ModelBuilder joined() {
  ModelBuilder b({1, 3, 40, 40});
  b.add("stem", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}});
  b.add("stem_relu", "relu");
  b.add("a", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}, {"groups", 8}});
  b.add("a_relu", "relu", {{"max_value", 6}});
  b.add("b", "conv2d", {{"out_channels", 8}, {"kernel_size", 1}});
  b.add("sum", "add", Json::object(), {"b", "stem_relu"});
  b.add("c", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"stride", 2}, {"padding", 1}});
  b.add("skip", "max_pool2d", {{"kernel_size", 2}}, {"sum"});
  b.add("cat", "concat", Json::object(), {"c", "skip", "c"});
  b.add("flat", "flatten");
  b.add("fc", "linear", {{"out_features", 5}});
  return b;
}

ModelBuilder fully_convolutional() {
  ModelBuilder b({1, 3, 48, 48});
  b.add("conv1", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}});
  b.add("conv2", "conv2d", {{"out_channels", 2}, {"kernel_size", 3}});
  return b;
}

// The first layer leaves out pixels between its windows, which a small patch may hit.
ModelBuilder with_gaps() {
  ModelBuilder b({1, 3, 32, 32});
  b.add("conv", "conv2d", {{"out_channels", 8}, {"kernel_size", 1}, {"stride", 4}});
  b.add("fc", "linear", {{"out_features", 3}});
  return b;
}

ModelBuilder with_whole_maps_from_the_start() {
  ModelBuilder b({1, 3, 32, 32});
  b.add("norm", "instance_norm", {{"affine", false}});
  b.add("conv", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}});
  return b;
}

class Patches : public ::testing::TestWithParam<ModelBuilder (*)()> {
 protected:
  void expect_equal_to_whole_images(const PatchGrid& grid, Device device = Device::cpu) {
    ModelBuilder builder = GetParam()();
    const Model& model = builder.model();
    const Array image = random_array(model.inputs[0].shape, builder.random());
    const Array patch = random_array({1, image.shape.c(), grid.size[0], grid.size[1]}, builder.random());
    PatchSession session(model, {.device = device, .batch = 4, .observe = {model.output}}, grid);
    Session whole(model, {.device = Device::reference, .observe = {model.output}});
    session.set_image(image);
    EXPECT_LE(relative_difference(session.unpatched(), answer(whole, image, model.output)), 2e-5);
    for (size_t i = 0; i < grid.rows.size(); ++i) {
      const PatchSession::Place places[] = {{i, i}, {grid.rows.size() - 1 - i, i}};
      const Array values = session.forward(patch, places);
      ASSERT_EQ(values.shape.n(), 2);
      for (int64_t n = 0; n < 2; ++n) {
        const int64_t top = grid.rows[places[n].row], left = grid.columns[places[n].column];
        const Array expected = answer(whole, patched(image, patch, top, left), model.output);
        Array found(expected.shape);
        std::copy_n(values.values.begin() + n * expected.shape.elements(), found.values.size(), found.values.begin());
        ASSERT_LE(relative_difference(found, expected), 2e-5) << top << " " << left;
      }
    }
  }

  static Array answer(Session& session, const Array& image, const std::string& output) {
    session.set_input("image", image);
    session.forward();
    return session.value(output);
  }

  static Array patched(Array image, const Array& patch, int64_t top, int64_t left) {
    for (int64_t c = 0; c < patch.shape.c(); ++c)
      for (int64_t y = 0; y < patch.shape.h(); ++y)
        for (int64_t x = 0; x < patch.shape.w(); ++x)
          image.values[static_cast<size_t>(image.view().desc.offset(0, c, top + y, left + x))] =
              patch.values[static_cast<size_t>(patch.view().desc.offset(0, c, y, x))];
    return image;
  }
};

TEST_P(Patches, EqualWholeImages) {
  expect_equal_to_whole_images({.size = {6, 5}, .rows = {0, 7, 13, 26}, .columns = {0, 3, 11, 27}});
}

TEST_P(Patches, OfOnePixelEqualWholeImages) {
  expect_equal_to_whole_images({.size = {1, 1}, .rows = {0, 9, 31}, .columns = {1, 6, 31}});
}

TEST_P(Patches, EqualWholeImagesOnTheEmulator) {
  expect_equal_to_whole_images({.size = {4, 4}, .rows = {5, 28}, .columns = {0, 28}}, Device::simt);
}

INSTANTIATE_TEST_SUITE_P(Graphs, Patches,
                         ::testing::Values(sequential, joined, fully_convolutional, with_gaps,
                                           with_whole_maps_from_the_start));

// Of 40 rows the patch of 6 changes 8 behind the first convolution, and from the mean on everything.
TEST(PatchPlan, ComputesNoMoreThanThePatchReaches) {
  const auto b = joined();
  const PatchPlan plan =
      make_patch_plan(b.model(), GraphRegions(b.model()), "fc", {.size = {6, 6}, .rows = {0, 20}, .columns = {34, 20}});
  EXPECT_EQ(plan.parts.at("stem_relu").size, (Pair{8, 8}));
  EXPECT_EQ(plan.parts.at("stem_relu").at(1, 0), (Region{{19, 27}, {32, 40}}));
  EXPECT_EQ(plan.parts.at("sum").size, (Pair{10, 10}));
  ASSERT_EQ(plan.tail.layers.size(), 2U);
  EXPECT_EQ(plan.tail.layers[0].name, "flat");
  std::vector<std::string> outputs;
  for (const PatchPiece& piece : plan.pieces) outputs.push_back(piece.output);
  EXPECT_EQ(outputs, (std::vector<std::string>{"stem_relu", "a_relu", "b", "sum", "c", "skip", "cat"}));
}

TEST(PatchPlan, RefusesASecondInput) {
  const ModelBuilder b({1, 3, 16, 16});
  Model model = b.model();
  model.inputs.push_back({.name = "other", .kind = InputSpec::Kind::vector, .shape = {1, 3, 16, 16}});
  const Operator& add = operator_by_name("add");
  model.layers.push_back({.name = "sum", .op = &add, .params = add.new_params(), .inputs = {"image", "other"}});
  EXPECT_THROW(make_patch_plan(model, GraphRegions(model), "sum", {.rows = {0}, .columns = {0}}), InputError);
}

}  // namespace
}  // namespace convlens::test
