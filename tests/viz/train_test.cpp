// Training as its users meet it: it learns, it goes on to the same bits, it refuses; and the network trained here.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/preprocess.h"
#include "viz/training/shapes.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class Train : public ::testing::Test {
 protected:
  Train() {
    draw("train", "--count 10 --seed 1000");
    draw("validation", "--count 20");
    architecture_ = Json::parse(bytes_of(fs::path(CONVLENS_SOURCE_DIR) / "weights/shapes/architecture.json"));
    config_ = {{"model", "architecture.json"},
               {"data", "train/pictures"},
               {"validation", "validation/pictures"},
               {"out", "out"},
               {"optimizer", {{"name", "adam"}, {"lr", 0.01}}},
               {"epochs", 12},
               {"batch", 25},
               {"flip", true},
               {"shift", 1},
               {"threads", 1},
               {"checkpoint_steps", 7}};
  }

  ProgramOutcome run(const std::string& arguments) const {
    return run_program(root_.path(), "\"$VIZ_RUN\" " + arguments);
  }

  void draw(const std::string& folder, const std::string& options) const {
    EXPECT_EQ(run("draw_shapes " + folder + " " + options).code, 0);
  }

  ProgramOutcome train(const std::string& arguments) const {
    std::ofstream(root_ / "architecture.json") << architecture_.dump();
    std::ofstream(root_ / "config.json") << config_.dump();
    return run("train config.json " + arguments);
  }

  void expect_refused(const std::string& part) const {
    const ProgramOutcome outcome = train("--quiet");
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out/model"));
  }

  TemporaryFolder root_;
  Json architecture_, config_;
};

TEST_F(Train, LearnsAndGoesOnToTheSameBits) {
  draw("train", "--count 100 --seed 1000");
  ASSERT_EQ(train("--quiet --out whole").code, 0);
  const Json record = Json::parse(bytes_of(root_ / "whole/run.json"));
  EXPECT_GE(record["accuracies"].back().get<double>(), 0.6);  // by chance 0.2
  EXPECT_TRUE(fs::exists(root_ / "whole/report.html"));
  // A training that ends without finishing: its results' place is taken by a folder.
  fs::create_directories(root_ / "parts/run.json/taken");
  EXPECT_NE(train("--quiet --out parts").code, 0);
  ASSERT_TRUE(fs::exists(root_ / "parts/.unfinished/checkpoint"));
  fs::remove_all(root_ / "parts/run.json");
  ASSERT_EQ(train("--quiet --resume --out parts").code, 0);
  EXPECT_EQ(bytes_of(root_ / "whole/model/model.bin"), bytes_of(root_ / "parts/model/model.bin"));
  EXPECT_EQ(Json::parse(bytes_of(root_ / "parts/run.json"))["losses"], record["losses"]);
}

TEST_F(Train, RefusesAnEmptyClass) {
  fs::create_directories(root_ / "train/pictures/a hexagon");
  architecture_["layers"].back()["params"]["out_features"] = 6;
  expect_refused("a hexagon: the folder of a class is empty");
}

TEST_F(Train, RefusesAnotherNumberOfClasses) {
  architecture_["layers"].back()["params"]["out_features"] = 7;
  expect_refused("holds folders of 5 classes, and the layer 'fc' of the model has 7 channels");
}

TEST_F(Train, RefusesWhatIsNoPicture) {
  std::ofstream(root_ / "train/pictures/circle/00003.png") << "no picture";
  expect_refused("00003.png");
}

TEST_F(Train, RefusesAnUnknownOptimizer) {
  config_["optimizer"]["name"] = "sdg";
  expect_refused("'optimizer.name': there is no update 'sdg'");
}

TEST_F(Train, SaysAtWhichStepTheLossIsNoNumber) {
  config_["optimizer"] = {{"name", "sgd"}, {"lr", 1e30}};
  expect_refused("the loss of step ");
}

TEST_F(Train, RefusesACheckpointOfAnotherConfiguration) {
  fs::create_directories(root_ / "out/run.json/taken");
  EXPECT_NE(train("--quiet").code, 0);
  config_["batch"] = 10;
  const ProgramOutcome outcome = train("--quiet --resume");
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("is of another configuration"), std::string::npos) << outcome.output;
}

TEST_F(Train, RefusesADamagedCheckpoint) {
  fs::create_directories(root_ / "out/run.json/taken");
  EXPECT_NE(train("--quiet").code, 0);
  const fs::path file = root_ / "out/.unfinished/checkpoint";
  const std::string bytes = bytes_of(file);
  Json checkpoint = Json::from_cbor(bytes);
  checkpoint["state"].erase("weights");
  const auto changed = Json::to_cbor(checkpoint);
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(changed.data()), std::ssize(changed));
  const ProgramOutcome outcome = train("--quiet --resume");
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("checkpoint: is damaged"), std::string::npos) << outcome.output;
}

/// The committed network on pictures that it was not trained on.
class TrainedHere : public ::testing::Test {
 protected:
  static constexpr int64_t seed = 900000;  // training and validation end far below
  const std::shared_ptr<const Model> model_ = read_model(fs::path(CONVLENS_SOURCE_DIR) / "weights/shapes");
  const int64_t size_ = model_->image_input().shape.h();
};

TEST_F(TrainedHere, NamesFreshShapes) {
  const int pictures = 500;
  Session session(*model_, {.batch = pictures, .observe = {model_->output}});
  std::vector<float> all;
  for (int i = 0; i < pictures; ++i) {
    const viz::DrawnShape drawn = viz::draw_shape(i % 5, static_cast<int>(size_), seed + i);
    const Array tensor = viz::to_tensor(drawn.picture, model_->image_input());
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  }
  Array batch({pictures, 3, size_, size_});
  batch.values = all;
  session.set_input("image", batch);
  session.forward();
  const Array scores = session.value(model_->output);
  int right = 0;
  for (int i = 0; i < pictures; ++i) {
    const auto row = scores.values.begin() + i * 5;
    right += std::max_element(row, row + 5) - row == i % 5;
  }
  EXPECT_GE(right, 490);
}

}  // namespace
}  // namespace convlens::test
