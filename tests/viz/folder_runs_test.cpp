// Algorithms that look at a folder, as users meet them.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/program.h"
#include "tests/weights/tiny_model.h"
#include "viz/io/npy.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class FolderRun : public ::testing::Test {
 protected:
  FolderRun() {
    write_tiny_model(root_ / "model");
    draw_folder(root_ / "images", 6);
  }

  ProgramOutcome run(const std::string& arguments = "", const std::string& before = "") const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), before + " \"$VIZ_RUN\" config.json " + arguments);
  }

  Json results() const { return Json::parse(std::ifstream(root_ / "out/run.json"))["runs"][0]["results"]; }

  std::vector<std::string> nearest_files() const {
    std::vector<std::string> files;
    const Json results = this->results();
    for (const Json& neighbour : results["nearest"]) files.push_back(neighbour["file"]);
    return files;
  }

  void expect_refused(const std::string& part, const std::string& before = "") const {
    const ProgramOutcome outcome = run("", before);
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
  }

  TemporaryFolder root_;
  Json config_{
      {"algorithm", "nearest"}, {"model", "model"}, {"image", "images/disc/3.png"}, {"folder", "images"}, {"batch", 5},
      {"neighbours", 5},        {"out", "out"}};
};

TEST_F(FolderRun, NearestOfAPictureIsItselfAndThenItsKind) {
  for (const char* keys : {"", "--set metric=cosine", "--set pca=4"}) {
    const ProgramOutcome outcome = run(keys);
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    const auto files = nearest_files();
    ASSERT_EQ(files.size(), 5U);
    EXPECT_EQ(files[0], "disc/3.png");
    EXPECT_NEAR(results()["nearest"][0]["distance"].get<double>(), 0, 1e-5);
    for (const std::string& file : files) EXPECT_TRUE(file.starts_with("disc/")) << file;
  }
  EXPECT_TRUE(fs::exists(root_ / "out/nearest.png"));
}

TEST_F(FolderRun, TheStoreIsExtendedNotRebuilt) {
  EXPECT_NE(run().output.find("12 images, 12 of them new"), std::string::npos);
  EXPECT_NE(run().output.find("12 images, 0 of them new"), std::string::npos);
  viz::write_png(root_ / "images/disc/more.png", drawn("disc", 3));
  fs::remove(root_ / "images/stripe/0.png");
  const ProgramOutcome outcome = run();
  EXPECT_NE(outcome.output.find("12 images, 1 of them new"), std::string::npos) << outcome.output;
  EXPECT_EQ(nearest_files()[0], "disc/3.png");
  EXPECT_EQ(nearest_files()[1], "disc/more.png");
  ASSERT_EQ(run("--out fresh").code, 0);
  const Json fresh = Json::parse(std::ifstream(root_ / "fresh/run.json"))["runs"][0]["results"];
  EXPECT_EQ(fresh, results());
}

TEST_F(FolderRun, AFinishedRunOfAListIsNotTakenUpWhenTheFolderChanged) {
  Json embedding{{"algorithm", "embedding"}, {"method", "pca"}, {"grid", false}};
  config_["runs"] = {embedding, {{"algorithm", "nearest"}, {"layer", "none"}}};
  config_.erase("algorithm");
  config_.erase("neighbours");
  EXPECT_EQ(run().code, 2);
  EXPECT_NE(run("--resume").output.find("embedding: finished before"), std::string::npos);
  fs::remove(root_ / "images/disc/5.png");
  EXPECT_EQ(run("--resume").output.find("finished before"), std::string::npos);
}

TEST_F(FolderRun, RefusesTheStoreOfAnotherModel) {
  config_["store"] = "store";
  ASSERT_EQ(run().code, 0);
  config_["layer"] = "mean";
  ASSERT_EQ(run().code, 0);  // which is the default
  config_["layer"] = "pool";
  expect_refused("'layer' is \"mean\" there and \"pool\" in this run");
}

TEST_F(FolderRun, PassesOverBrokenFilesAndListsThem) {
  std::ofstream(root_ / "images/disc/1.png") << "no picture";
  fs::resize_file(root_ / "images/stripe/2.png", 60);
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Json broken = results()["broken"];
  ASSERT_EQ(broken.size(), 2U);
  EXPECT_EQ(broken[0]["file"], "disc/1.png");
  EXPECT_EQ(broken[1]["file"], "stripe/2.png");
  EXPECT_EQ(results()["images"], 10);
  std::stringstream page;
  page << std::ifstream(root_ / "out/report.html").rdbuf();
  EXPECT_NE(page.str().find("disc/1.png"), std::string::npos);
  EXPECT_EQ(nearest_files()[0], "disc/3.png");
}

TEST_F(FolderRun, RefusesAFolderWithoutImages) {
  fs::create_directories(root_ / "empty");
  config_["folder"] = "empty";
  expect_refused("empty: holds no image");
  std::ofstream(root_ / "empty/a.png") << "no picture";
  expect_refused("none of the folder's 1 images can be read");
  config_.erase("folder");
  expect_refused("'folder'");
}

// From the images themselves: a verification has a store of its own. There is no photo.
TEST_F(FolderRun, IsVerified) {
  config_ = {{"algorithm", "embedding"}, {"model", "model"}, {"folder", "images"},
             {"method", "pca"},          {"grid", false},    {"out", "out"}};
  ASSERT_EQ(run().code, 0);
  const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" --verify out/run.json");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_FALSE(fs::exists(root_ / "manifest.jsonl"));
}

TEST_F(FolderRun, PlansWithoutReading) {
  const ProgramOutcome outcome = run("--plan");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.output.find("5x"), std::string::npos) << outcome.output;
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(FolderRun, AScanThatIsCutOffGoesOn) {
  // The loops of `reference` at this size take long enough for an image to be cut off.
  config_["size"] = {160, 160};
  config_["device"] = "reference";
  config_["batch"] = 1;
  config_["store"] = "store";
  const fs::path manifest = root_ / "store/manifest.jsonl";
  const auto lines = [&] {
    std::ifstream stream(manifest);
    return std::count(std::istreambuf_iterator<char>(stream), {}, '\n');
  };
  std::ofstream(root_ / "config.json") << config_.dump();
  // Ends it as soon as the store holds an image.
  const ProgramOutcome cut = run_program(
      root_.path(),
      "\"$VIZ_RUN\" config.json & process=$!; until [ \"$(cat store/manifest.jsonl 2>/dev/null | wc -l)\" -gt 2 ]; do "
      "sleep 0.01; done; kill $process; wait $process");
  EXPECT_EQ(cut.code, 143) << cut.output;
  EXPECT_NE(cut.output.find("the features so far are in "), std::string::npos) << cut.output;
  const auto kept = lines() - 1;
  EXPECT_LT(kept, 12);
  EXPECT_FALSE(fs::exists(root_ / "out"));
  const ProgramOutcome rest = run();
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_NE(rest.output.find("12 images, " + std::to_string(12 - kept) + " of them new"), std::string::npos)
      << rest.output;
  EXPECT_EQ(lines(), 13);
}

TEST_F(FolderRun, EmbeddingKeepsKindsApart) {
  config_ = {{"algorithm", "embedding"}, {"model", "model"}, {"folder", "images"},
             {"method", "pca"},          {"grid", false},    {"out", "out"}};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const viz::NpyArray points = viz::read_npy(root_ / "out/coordinates.npy");
  ASSERT_EQ(points.shape, (std::vector<int64_t>{12, 2}));
  // The first component is the kind: no disc lies among the stripes.
  const auto x = [&](size_t i) { return points.values[2 * i]; };
  for (size_t disc = 0; disc < 6; ++disc)
    for (size_t stripe = 6; stripe < 12; ++stripe) EXPECT_EQ(x(disc) < x(stripe), x(0) < x(6));
  std::ifstream csv(root_ / "out/coordinates.csv");
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "file,x,y");
  std::getline(csv, line);
  EXPECT_TRUE(line.starts_with("disc/0.png,")) << line;
  for (const char* picture : {"scatter.png", "thumbnails.png"}) EXPECT_TRUE(fs::exists(root_ / "out" / picture));
}

TEST_F(FolderRun, EmbeddingSaysWhichPackagesItLacks) {
  config_ = {{"algorithm", "embedding"}, {"model", "model"}, {"folder", "images"}, {"out", "out"}};
  expect_refused("tools/install_dependencies.sh --projection installs them", "CONVLENS_PYTHON=/no/python");
  config_["method"] = "pca";
  expect_refused("'grid' needs Python packages", "CONVLENS_PYTHON=/no/python");
}

TEST_F(FolderRun, EmbeddingByTsneInAGrid) {
  if (!fs::exists(fs::path(CONVLENS_SOURCE_DIR) / ".venv-projection/bin/python"))
    GTEST_SKIP() << "tools/install_dependencies.sh --projection was not run";
  config_ = {{"algorithm", "embedding"}, {"model", "model"}, {"folder", "images"}, {"out", "out"}};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("'perplexity' is 3.7 instead of 30.0"), std::string::npos) << outcome.output;
  EXPECT_EQ(viz::read_npy(root_ / "out/coordinates.npy").shape, (std::vector<int64_t>{12, 2}));
  EXPECT_EQ(viz::read_image(root_ / "out/grid.png").width, 3 * 66 + 2);
}

}  // namespace
}  // namespace convlens::test
