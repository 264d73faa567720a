// Occlusion of trained networks on real photos: the parts against whole images, and what must be seen there. The boxes
// were drawn by looking: the puppy's and the kitten's head in the 224 x 224 pixels that the networks see.

#include <cmath>
#include <numeric>

#include "engine/patch_session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/networks/trained.h"
#include "viz/io/npy.h"
#include "viz/runner.h"

namespace convlens::test {
namespace {

class OcclusionOfTrained : public Trained {
 protected:
  /// Some places, edges among them, from the parts and from whole images.
  static void expect_equal_to_whole_images(const Model& model, const std::string& photo_name) {
    const Array image = photo(model, photo_name);
    const PatchGrid grid{.size = {16, 16}, .rows = {0, 40, 104, 208}, .columns = {8, 64, 120, 192}};
    const PlanRequest request{.batch = 8, .observe = {model.output}};
    PatchSession session(model, request, grid);
    ASSERT_GT(session.plan().pieces.size(), 3U);
    session.set_image(image);
    Session whole(model, request);
    std::vector<PatchSession::Place> places;
    Array images({8, image.shape.c(), image.shape.h(), image.shape.w()});
    auto to = images.values.begin();
    for (size_t i = 0; i < 8; ++i) {
      places.push_back({i / 2, (i * 3) % 4});
      std::ranges::copy(image.values, to);
      for (int64_t c = 0; c < image.shape.c(); ++c)
        for (int64_t y = 0; y < 16; ++y)
          std::fill_n(to + (c * image.shape.h() + grid.rows[places[i].row] + y) * image.shape.w() +
                          grid.columns[places[i].column],
                      16, 0.0F);
      to += image.shape.elements();
    }
    whole.set_input(model.image_input().name, images);
    whole.forward();
    const Array expected = whole.value(model.output);
    const Array patch({1, image.shape.c(), 16, 16});
    const Array found = session.forward(patch, places);
    double scale = 0;
    for (const float v : expected.values) scale = std::max(scale, std::abs(static_cast<double>(v)));
    for (size_t i = 0; i < expected.values.size(); ++i)
      ASSERT_TRUE(std::abs(found.values[i] - expected.values[i]) <= 1e-5 * scale)
          << i << ": " << found.values[i] << " and " << expected.values[i];
  }

  /// The place whose hiding costs most lies in the box.
  static void expect_peak(const std::string& model, const std::string& photo_name, const Region& box) {
    const TemporaryFolder folder;
    const Json config{{"algorithm", "occlusion"},
                      {"model", (std::filesystem::path(CONVLENS_TEST_MODELS) / "trained" / model).string()},
                      {"image", (shared_folder() / "images" / (photo_name + ".jpg")).string()},
                      {"size", {224, 224}},
                      {"patch", 32},
                      {"stride", 16},
                      {"score", "logit"},
                      {"out", (folder.path() / "out").string()}};
    const Json record = viz::run_config(viz::parse_config(config, "config.json", folder.path()), {.quiet = true});
    const Json& largest = record.at("runs")[0].at("results").at("largest_drop");
    const auto y = largest.at("y").get<int64_t>() + 16, x = largest.at("x").get<int64_t>() + 16;
    EXPECT_TRUE(y >= box.y.begin && y < box.y.end && x >= box.x.begin && x < box.x.end) << y << " " << x;
  }
};

TEST_F(OcclusionOfTrained, SqueezeNetEqualsWholeImages) {
  expect_equal_to_whole_images(*model("squeezenet1_1"), "dog");
}

TEST_F(OcclusionOfTrained, GoogLeNetEqualsWholeImages) {
  expect_equal_to_whole_images(*model("bvlc_googlenet"), "cat");
}

TEST_F(OcclusionOfTrained, CostsThePuppyItsHead) {
  for (const char* name : {"squeezenet1_1", "bvlc_googlenet"}) expect_peak(name, "dog", {{12, 105}, {28, 130}});
}

TEST_F(OcclusionOfTrained, CostsTheKittenItsFace) { expect_peak("squeezenet1_1", "cat", {{5, 165}, {15, 165}}); }

}  // namespace
}  // namespace convlens::test
