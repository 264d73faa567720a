// What is done with features: keeping them, finding neighbours, principal components.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "viz/features/feature_store.h"
#include "viz/features/neighbours.h"
#include "viz/features/pca.h"
#include "viz/io/npy.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class FeatureStore : public ::testing::Test {
 protected:
  FeatureStore() { draw_folder(images_, 3); }

  std::unique_ptr<viz::FeatureStore> open() const {
    return std::make_unique<viz::FeatureStore>(root_ / "store", identity_, 2);
  }

  // Adds a file with the features (value, -value).
  void add(viz::FeatureStore& store, const std::string& file, float value) const {
    Array features({1, 2});
    features.values = {value, -value};
    store.add(images_, {{file, sha256_file(images_ / file), viz::read_image(images_ / file), ""}}, features);
  }

  float first_feature(const viz::FeatureStore& store, const std::string& file) const {
    const auto row = store.find(images_, file);
    return row ? store.features(*row)[0] : NAN;
  }

  std::string refusal() const {
    try {
      open();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder root_;
  fs::path images_ = root_ / "images";
  Json identity_{{"model", "tiny"}, {"weights", "abc"}, {"layer", "fc6"}};
};

TEST_F(FeatureStore, IsExtendedByLaterPrograms) {
  add(*open(), "disc/0.png", 1);
  {
    const auto store = open();
    add(*store, "disc/1.png", 2);
    EXPECT_EQ(first_feature(*store, "disc/0.png"), 1);
    add(*store, "disc/2.png", 3);
    EXPECT_EQ(first_feature(*store, "disc/2.png"), 3);
  }
  const auto store = open();
  EXPECT_EQ(store->rows(), 3);
  EXPECT_EQ(first_feature(*store, "disc/1.png"), 2);
  EXPECT_EQ(store->find(images_, "stripe/0.png"), std::nullopt);
  EXPECT_NEAR(store->thumbnail(0).at(0, 0, 0), drawn("disc", 0).at(0, 0, 0), 0.003);
  const viz::NpyArray array = viz::read_npy(root_ / "store/features.npy");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(array.values, (std::vector<float>{1, -1, 2, -2, 3, -3}));
}

TEST_F(FeatureStore, KnowsCopiesAndForgetsChanges) {
  const auto store = open();
  add(*store, "disc/0.png", 1);
  fs::copy_file(images_ / "disc/0.png", images_ / "copy.png");
  EXPECT_EQ(store->find(images_, "copy.png"), std::nullopt);
  add(*store, "copy.png", 7);
  EXPECT_EQ(first_feature(*store, "copy.png"), 1);
  EXPECT_EQ(store->rows(), 1);
  viz::write_png(images_ / "disc/0.png", drawn("stripe", 9));
  EXPECT_EQ(store->find(images_, "disc/0.png"), std::nullopt);
  add(*store, "disc/0.png", 5);
  EXPECT_EQ(first_feature(*store, "disc/0.png"), 5);
  EXPECT_EQ(first_feature(*store, "copy.png"), 1);
}

// What a program leaves that is killed as it writes: rows without a line, half a line.
TEST_F(FeatureStore, GoesOnAfterACut) {
  {
    const auto store = open();
    add(*store, "disc/0.png", 1);
    add(*store, "disc/1.png", 2);
  }
  const fs::path manifest = root_ / "store/manifest.jsonl";
  fs::resize_file(manifest, fs::file_size(manifest) - 5);
  const auto store = open();
  EXPECT_EQ(store->rows(), 1);
  EXPECT_EQ(first_feature(*store, "disc/0.png"), 1);
  EXPECT_EQ(store->find(images_, "disc/1.png"), std::nullopt);
  add(*store, "disc/1.png", 3);
  EXPECT_EQ(first_feature(*store, "disc/1.png"), 3);
  EXPECT_EQ(viz::read_npy(root_ / "store/features.npy").values, (std::vector<float>{1, -1, 3, -3}));
}

TEST_F(FeatureStore, RefusesAnotherModelOrLayer) {
  add(*open(), "disc/0.png", 1);
  identity_["weights"] = "abd";
  EXPECT_NE(refusal().find("'weights' is \"abc\" there and \"abd\" in this run"), std::string::npos) << refusal();
  identity_["weights"] = "abc";
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(first_feature(*open(), "disc/0.png"), 1);
}

TEST_F(FeatureStore, RefusesADamagedOne) {
  add(*open(), "disc/0.png", 1);
  fs::resize_file(root_ / "store/features.npy", 130);
  EXPECT_NE(refusal().find("features.npy: must hold 1 rows"), std::string::npos) << refusal();
  fs::remove(root_ / "store/features.npy");
  std::ofstream(root_ / "store/manifest.jsonl", std::ios::app) << "{\"file\": 3}\n";
  EXPECT_NE(refusal().find("is no manifest"), std::string::npos) << refusal();
}

TEST_F(FeatureStore, IsOneProgramsAtATime) {
  const auto store = open();
  EXPECT_NE(refusal().find("another program"), std::string::npos);
}

// Rows whose numbers follow no simple rule, and whose lengths differ.
Array some_rows(int64_t count, int64_t width) {
  Array rows({count, width});
  std::minstd_rand random(1);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < width; ++j)
      rows.values[static_cast<size_t>(i * width + j)] =
          static_cast<float>(1 + i % 5) * (static_cast<float>(random()) / static_cast<float>(random.max()) - 0.5F);
  return rows;
}

double brute_force(const Array& rows, int64_t row, std::span<const float> query, viz::Metric metric) {
  double squared = 0, product = 0, length = 0, query_length = 0;
  for (size_t j = 0; j < query.size(); ++j) {
    const double x = rows.values[static_cast<size_t>(row) * query.size() + j], q = query[j];
    squared += (x - q) * (x - q);
    product += x * q;
    length += x * x;
    query_length += q * q;
  }
  return metric == viz::Metric::l2 ? std::sqrt(squared) : 1 - product / std::sqrt(length * query_length);
}

// The second case has two blocks.
TEST(Neighbours, AreThoseOfBruteForce) {
  for (const auto& [count, width] : {std::pair<int64_t, int64_t>{300, 24}, {50, 100'000}})
    for (const viz::Metric metric : {viz::Metric::l2, viz::Metric::cosine}) {
      const Array rows = some_rows(count, width), query = some_rows(1, width);
      std::vector<double> wanted;
      for (int64_t i = 0; i < count; ++i) wanted.push_back(brute_force(rows, i, query.values, metric));
      const auto found = viz::nearest_neighbours(query.values, viz::rows_of(rows), metric, count - 5);
      ASSERT_EQ(std::ssize(found), count - 5);
      std::set<int64_t> different;
      for (const viz::Neighbour& n : found) {
        different.insert(n.index);
        EXPECT_NEAR(n.distance, wanted[static_cast<size_t>(n.index)], 1e-4 * (1 + n.distance)) << n.index;  // f32
      }
      EXPECT_EQ(different.size(), found.size());
      std::ranges::sort(wanted);
      for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i].distance, wanted[i], 1e-4 * (1 + wanted[i])) << i;
    }
}

TEST(Neighbours, AreFewerWhereThereAreFewerRows) {
  EXPECT_EQ(viz::nearest_neighbours(some_rows(1, 3).values, viz::rows_of(some_rows(2, 3)), viz::Metric::l2, 9).size(),
            2U);
}

struct KnownPca {
  int64_t count, width;
  std::vector<double> variance;
  double total;
  std::vector<float> components, projected;
};

// Of x[i, j] = sin(1.7 i + 0.9 j + 0.31 i j), by numpy.linalg.svd: more rows than dimensions, and fewer.
const KnownPca known[] = {
    {6,
     4,
     {0.916121, 0.839803},
     2.472223,
     {-0.60481, 0.09284, 0.78851, -0.06191, -0.09795, 0.74926, -0.21201, -0.61973},
     {0.83842, 0.15989, -1.15789, 0.80027, 0.14955, -1.3132, 1.18346, 1.0252, -1.05467, 0.17948, 0.04114, -0.85163}},
    {4,
     6,
     {2.493528, 1.162023},
     4.149476,
     {0.13572, 0.23373, -0.2635, -0.58227, 0.10914, 0.71174, -0.56082, 0.4847, 0.61156, -0.18542, -0.19841, 0.05292},
     {-1.07351, 0.6541, 1.61005, -1.07682, -1.60841, -0.73978, 1.07187, 1.1625}}};

void expect_near(const std::vector<float>& found, const std::vector<float>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 2e-5) << i;
}

TEST(Pca, IsNumPys) {
  for (const KnownPca& k : known) {
    Array x({k.count, k.width});
    for (int64_t i = 0; i < k.count; ++i)
      for (int64_t j = 0; j < k.width; ++j)
        x.values[static_cast<size_t>(i * k.width + j)] = static_cast<float>(
            std::sin(1.7 * static_cast<double>(i) + 0.9 * static_cast<double>(j) + 0.31 * static_cast<double>(i * j)));
    const viz::Pca pca = viz::fit_pca(viz::rows_of(x), 2, 0);
    for (size_t c = 0; c < 2; ++c) EXPECT_NEAR(pca.variance[c], k.variance[c], 1e-5);
    EXPECT_NEAR(pca.total_variance, k.total, 1e-5);
    expect_near(pca.components.values, k.components);
    expect_near(pca.project(viz::rows_of(x)).values, k.projected);
  }
}

// 300 rows (two blocks) of 6,000 dimensions: noise, and three directions of known variance.
TEST(Pca, OfManyDimensionsFindsTheStrongestOnes) {
  constexpr int64_t count = 300, width = 6000;
  constexpr double deviation[] = {9, 5, 2};
  const auto dimension = [](int64_t direction) { return 1000 * direction + 500; };
  Array x = some_rows(count, width);
  for (float& noise : x.values) noise = 1 + 0.01F * noise;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t d = 0; d < 3; ++d)
      x.values[static_cast<size_t>(i * width + dimension(d))] += static_cast<float>(
          deviation[d] * std::sqrt(2.0) * std::cos(2 * M_PI * static_cast<double>((d + 1) * i) / count));
  const viz::Pca pca = viz::fit_pca(viz::rows_of(x), 3, 1);
  for (int64_t d = 0; d < 3; ++d) {
    EXPECT_NEAR(pca.components.values[static_cast<size_t>(d * width + dimension(d))], 1, 1e-3);
    EXPECT_NEAR(pca.variance[static_cast<size_t>(d)] / (deviation[d] * deviation[d] * count / (count - 1)), 1, 0.01);
  }
  EXPECT_EQ(pca.components.values, viz::fit_pca(viz::rows_of(x), 3, 1).components.values);
}

TEST(Pca, HasNoMoreComponentsThanRowsAllow) {
  EXPECT_EQ(viz::fit_pca(viz::rows_of(some_rows(3, 5)), 50, 0).components.shape[0], 2);
  EXPECT_THROW(viz::fit_pca(viz::rows_of(some_rows(1, 5)), 2, 0), InputError);
}

}  // namespace
}  // namespace convlens::test
