// What is known of drawn shapes, and of the network that was trained on them, holds algorithms to the truth:
// attributions lie in the shape, the nearest pictures show the same shape, an embedding keeps shapes together, and the
// patches that a channel answers to most come from few shapes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/attribution/batches.h"
#include "viz/attribution/method.h"
#include "viz/io/image.h"
#include "viz/io/npy.h"
#include "viz/io/resize.h"
#include "viz/preprocess.h"
#include "viz/training/shapes.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

const fs::path shapes = fs::path(CONVLENS_SOURCE_DIR) / "weights/shapes";
constexpr int64_t seed = 900000;  // training and validation end far below
constexpr int classes = 5;

/// The share of what a map has for the class that lies in the mask, over the mask's share of the picture: 1 by chance.
double enrichment(const viz::Image& map, const viz::Image& mask) {
  const viz::Image whole = viz::resize(map, mask.height, mask.width, viz::Filter::bilinear);
  double inside = 0, all = 0, area = 0;
  for (size_t i = 0; i < mask.values.size(); ++i) {
    const double value = std::max(whole.values[i], 0.0F);
    inside += value * mask.values[i];
    all += value;
    area += mask.values[i] / static_cast<double>(mask.values.size());
  }
  return all > 0 ? inside / all / area : 1;
}

std::vector<std::string> compared_methods() {
  std::vector<std::string> list;
  for (const viz::MethodInfo& info : viz::attribution_methods())
    for (const std::string& settings : info.compared)
      list.push_back(info.name + (settings.empty() ? "" : " " + settings));
  return list;
}

class Attribution : public ::testing::TestWithParam<std::string> {
 protected:
  const std::shared_ptr<const Model> model_ = read_model(shapes);

  double enrichment_of(const viz::DrawnShape& drawn, int shape) const {
    const Array input = viz::to_tensor(drawn.picture, model_->image_input());
    const viz::Question question{*model_, input};
    const auto method = viz::make_method(GetParam(), "test");
    Session session(*model_, method->request(question));
    viz::run_repeated(session, question.input_name(), input);
    const viz::ClassQuestion asked = viz::choose_class(question, int64_t{shape}, session);
    return enrichment(method->attribute(asked, session).map, drawn.mask);
  }
};

TEST_P(Attribution, LiesInTheShape) {
  const int size = static_cast<int>(model_->image_input().shape.h()), pictures = 20;
  double mean = 0;
  for (int i = 0; i < pictures; ++i)
    mean += enrichment_of(viz::draw_shape(i % classes, size, seed + i), i % classes) / pictures;
  RecordProperty("enrichment", std::to_string(mean));
  EXPECT_TRUE(mean >= 1.35) << mean;
}

INSTANTIATE_TEST_SUITE_P(Methods, Attribution, ::testing::ValuesIn(compared_methods()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

/// Algorithms on a folder of fresh shapes, each in a sub-folder of its name.
class FolderOfShapes : public ::testing::Test {
 protected:
  FolderOfShapes() {
    EXPECT_EQ(
        run_program(root_.path(), "\"$VIZ_RUN\" draw_shapes drawn --count 30 --seed " + std::to_string(seed)).code, 0);
  }

  // The results of one run.
  Json results(Json config) const {
    config.update({{"model", shapes.string()}, {"folder", "drawn/pictures"}, {"out", "out"}, {"threads", 1}});
    std::ofstream(root_ / "config.json") << config.dump();
    const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" config.json --quiet");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    std::ifstream record(root_ / "out/run.json");
    return Json::parse(record)["runs"][0]["results"];
  }

  static std::string shape_of(const Json& file) { return fs::path(file.get<std::string>()).parent_path().string(); }

  TemporaryFolder root_;
};

TEST_F(FolderOfShapes, NearestShowTheSameShape) {
  int same = 0, all = 0;
  for (const std::string shape : {"circle", "cross", "ring", "square", "triangle"}) {
    const Json found = results({{"algorithm", "nearest"},
                                {"image", "drawn/pictures/" + shape + "/00007.png"},
                                {"store", "features"},
                                {"neighbours", 9}});
    EXPECT_EQ(found["nearest"][0]["file"], shape + "/00007.png");
    for (const Json& neighbour : found["nearest"]) same += shape_of(neighbour["file"]) == shape;
    all += static_cast<int>(found["nearest"].size());
  }
  EXPECT_GE(same, all * 9 / 10) << same << " of " << all << ", by chance a fifth";
}

TEST_F(FolderOfShapes, EmbeddingKeepsShapesTogether) {
  results({{"algorithm", "embedding"}, {"method", "pca"}, {"grid", false}});
  const auto points = viz::read_npy(root_ / "out/coordinates.npy");
  const auto count = std::ssize(points.values) / 2, of_shape = count / classes;
  const auto distance = [&](int64_t a, int64_t b) {
    const auto* p = points.values.data();
    return std::hypot(p[2 * a] - p[2 * b], p[2 * a + 1] - p[2 * b + 1]);
  };
  int64_t same = 0;
  for (int64_t i = 0; i < count; ++i) {
    int64_t nearest = i == 0 ? 1 : 0;
    for (int64_t j = 0; j < count; ++j)
      if (j != i && distance(i, j) < distance(i, nearest)) nearest = j;
    same += nearest / of_shape == i / of_shape;
  }
  EXPECT_GE(same, count * 8 / 10) << same << " of " << count << ", by chance a fifth";
}

TEST_F(FolderOfShapes, TopPatchesOfADeepChannelShowFewShapes) {
  const Json found = results({{"algorithm", "top_patches"}, {"layer", "relu4"}, {"guided", false}});
  double share = 0;
  for (const Json& channel : found["channels"]) {
    std::map<std::string, int> counts;
    for (const Json& patch : channel["patches"]) ++counts[shape_of(patch["file"])];
    const auto most = std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; });
    share +=
        most->second / static_cast<double>(channel["patches"].size()) / static_cast<double>(found["channels"].size());
  }
  EXPECT_GE(share, 0.7);
}

}  // namespace
}  // namespace convlens::test
