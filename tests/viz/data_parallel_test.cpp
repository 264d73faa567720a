// One training in several processes, started as their users do, by mpirun.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/base/error.h"
#include "tests/viz/train_fast_style.h"
#include "viz/training/process_group.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

std::vector<float> floats_of(const fs::path& file) {
  const std::string bytes = bytes_of(file);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// What comes before a program's name to start it so many times. By the environment, Open MPI is asked to run as root
/// too, on fewer cores than processes, within this machine, and to add no explanation of its own.
std::string mpirun(int processes) {
  return "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
         "OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl=self,vader "
         "OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_orte_execute_quiet=1; '" CONVLENS_MPIRUN "' -n " +
         std::to_string(processes) + " ";
}

class DataParallel : public TrainFastStyle {
 protected:
  void SetUp() override {
    if (!fs::exists(CONVLENS_MPIRUN)) GTEST_SKIP() << "mpirun was not found when this was configured";
    networks_styles_ = 2;
    config_["styles"] = {"stripes.png", "disc.png"};
    config_["batch"] = 6;  // so that the second process begins with the second style
  }

  void expect_the_same(const std::string& expected, const std::string& found) const {
    const auto weights = floats_of(root_ / expected / "model/model.bin"),
               others = floats_of(root_ / found / "model/model.bin");
    ASSERT_EQ(weights.size(), others.size());
    for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(weights[i], others[i], 1e-5) << "weight " << i;
    for (const char* curves : {"training", "validation"})
      expect_the_same_curves(record(expected)[curves], record(found)[curves]);
  }

  // Runs what fails, and finds the reason told once.
  void expect_ended(const ProgramOutcome& outcome, const std::string& reason) const {
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_EQ(occurrences(outcome.output, "viz_run: "), 1) << outcome.output;
    EXPECT_NE(outcome.output.find(reason), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out/model"));
  }

  // The second of two processes has a configuration of its own.
  ProgramOutcome train_with_another(const Json& config) const {
    std::ofstream(root_ / "other.json") << config.dump();
    return train(": -n 1 \"$VIZ_RUN\" train_fast_style other.json --quiet", mpirun(1));
  }

 private:
  static void expect_the_same_curves(const Json& expected, const Json& found) {
    std::vector<std::vector<double>> curves = expected["terms"], others = found["terms"];
    curves.push_back(expected["totals"]);
    others.push_back(found["totals"]);
    ASSERT_EQ(curves.size(), others.size());
    for (size_t c = 0; c < curves.size(); ++c) {
      ASSERT_EQ(curves[c].size(), others[c].size());
      for (size_t i = 0; i < curves[c].size(); ++i)
        EXPECT_NEAR(curves[c][i], others[c][i], 1e-5 * curves[c][i]) << "curve " << c << " [" << i << "]";
    }
  }
};

TEST_F(DataParallel, TwoProcessesFindWhatOneDoes) {
  const ProgramOutcome one = train("--out one"), two = train("--out two", mpirun(2));
  ASSERT_EQ(one.code, 0) << one.output;
  ASSERT_EQ(two.code, 0) << two.output;
  EXPECT_EQ(two.output, "");
  expect_the_same("one", "two");
  EXPECT_EQ(record("one")["processes"], 1);
  EXPECT_EQ(record("two")["processes"], 2);
}

TEST_F(DataParallel, GoesOnInAnotherNumberOfProcesses) {
  config_["checkpoint_steps"] = 25;
  ASSERT_EQ(train("--out whole").code, 0);
  const std::vector<std::pair<std::string, std::string>> ways{{"", mpirun(2)}, {mpirun(2), ""}};
  for (const auto& [before, after] : ways) {
    // A training that ends without finishing: its results' place is taken by a folder.
    fs::remove_all(root_ / "parts");
    fs::create_directories(root_ / "parts/run.json/taken");
    EXPECT_EQ(train("--out parts", before).code, 1);
    ASSERT_TRUE(fs::exists(root_ / "parts/.unfinished/checkpoint"));
    fs::remove_all(root_ / "parts/run.json");
    const ProgramOutcome outcome = train("--resume --out parts", after);
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    expect_the_same("whole", "parts");
  }
}

TEST_F(DataParallel, KeepsWhatIsLearntWhenItIsInterrupted) {
  config_["steps"] = 1000000;
  config_["checkpoint_steps"] = 10;
  write_configuration();
  const ProgramOutcome outcome = end_program_at(root_ / "out/.unfinished/checkpoint", root_.path(),
                                                "train_fast_style config.json --quiet", mpirun(2));
  EXPECT_NE(outcome.code, 0);  // mpirun's own
  const Json checkpoint = Json::from_cbor(bytes_of(root_ / "out/.unfinished/checkpoint"));
  const size_t steps = checkpoint["state"]["training"]["totals"].size();
  EXPECT_EQ(outcome.output,
            "viz_run: interrupted after step " + std::to_string(steps) + "; --resume goes on from there\n");
}

TEST_F(DataParallel, OneProcessThatCannotStartEndsAll) {
  Json other = config_;
  other.erase("optimizer");
  expect_ended(train_with_another(other), "other.json: the key 'optimizer' is missing");
}

TEST_F(DataParallel, OneProcessThatCannotGoOnEndsAll) {
  fs::create_directories(root_ / "broken");
  std::ofstream(root_ / "broken/broken.png") << "no picture";
  Json other = config_;
  other["content"] = "broken";
  expect_ended(train_with_another(other), "none of its images can be read");
}

TEST_F(DataParallel, WhatFailsInAllIsToldOnce) {
  config_["optimizer"] = {{"name", "sgd"}, {"lr", 1e200}};
  expect_ended(train("", mpirun(2)), "is no finite number: a smaller learning rate may help");
}

TEST_F(DataParallel, RefusesABatchThatCannotBeShared) {
  config_["batch"] = 5;
  expect_ended(train("", mpirun(2)), "the key 'batch' must be a multiple of the number of processes, 2, found 5");
}

TEST_F(DataParallel, TellsOfPhotosThatAnyProcessPassedOver) {
  config_["steps"] = 4;
  for (const char* name : {"content/a.png", "content/b.png"}) std::ofstream(root_ / name) << "no picture";
  ASSERT_EQ(train("", mpirun(2)).code, 0);
  const std::string page = bytes_of(root_ / "out/report.html");
  for (const char* name : {"a.png", "b.png"}) EXPECT_NE(page.find(name), std::string::npos) << name;
}

/// A classifier of a few small layers, with or without a batch norm.
class DataParallelClassifier : public DataParallel {
 protected:
  void SetUp() override {
    DataParallel::SetUp();
    if (IsSkipped()) return;
    draw_folder(root_ / "pictures", 6);
    config_ = {{"model", "classifier.json"},
               {"data", "pictures"},
               {"validation", "unseen"},
               {"out", "out"},
               {"optimizer", {{"name", "adam"}, {"lr", 0.01}}},
               {"epochs", 6},
               {"batch", 4},
               {"flip", true},
               {"shift", 2},
               {"threads", 1}};
  }

  ProgramOutcome train(const std::string& arguments, const std::string& by = "") const {
    Json layers{{{"name", "conv"},
                 {"op", "conv2d"},
                 {"inputs", {"image"}},
                 {"params", {{"out_channels", 4}, {"kernel_size", 3}}}},
                {{"name", "relu"}, {"op", "relu"}, {"inputs", {norm_ ? "norm" : "conv"}}},
                {{"name", "pool"}, {"op", "adaptive_avg_pool2d"}, {"inputs", {"relu"}}},
                {{"name", "fc"}, {"op", "linear"}, {"inputs", {"pool"}}, {"params", {{"out_features", 2}}}}};
    const Json norm{{"name", "norm"}, {"op", "batch_norm"}, {"inputs", {"conv"}}};
    if (norm_) layers.insert(layers.begin() + 1, norm);
    const Json classifier{
        {"format", "convlens-model"}, {"version", 1},
        {"name", "classifier"},       {"inputs", {{{"name", "image"}, {"kind", "image"}, {"shape", {3, 16, 16}}}}},
        {"layers", layers},           {"output", "fc"}};
    std::ofstream(root_ / "classifier.json") << classifier.dump();
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), by + "\"$VIZ_RUN\" train config.json --quiet " + arguments);
  }

  bool norm_ = false;
};

TEST_F(DataParallelClassifier, TwoProcessesFindWhatOneDoes) {
  const ProgramOutcome one = train("--out one"), two = train("--out two", mpirun(2));
  ASSERT_EQ(one.code, 0) << one.output;
  ASSERT_EQ(two.code, 0) << two.output;
  const auto weights = floats_of(root_ / "one/model/model.bin"), others = floats_of(root_ / "two/model/model.bin");
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(weights[i], others.at(i), 1e-5) << "weight " << i;
  const std::vector<double> losses = record("one")["losses"], found = record("two")["losses"];
  for (size_t i = 0; i < losses.size(); ++i) EXPECT_NEAR(losses[i], found.at(i), 1e-5) << "step " << i;
}

TEST_F(DataParallelClassifier, RefusesBatchNormsInSeveralProcesses) {
  norm_ = true;
  expect_ended(train("", mpirun(2)), "the model 'classifier' has batch norms, whose statistics are those of a whole");
}

TEST(ProcessGroup, OfOneProcessChangesNothing) {
  viz::ProcessGroup group;
  std::vector<float> values{1, 2.5F};
  group.all_reduce_mean(values);
  EXPECT_EQ(values, (std::vector<float>{1, 2.5F}));
  EXPECT_EQ(group.all_reduce_max(-3), -3);
  EXPECT_EQ(group.all_gather("text"), std::vector<std::string>{"text"});
  EXPECT_EQ(group.share_of(5), 5);
  EXPECT_THROW(viz::in_process_group([](viz::ProcessGroup&) { throw InputError("a reason"); }), InputError);
}

}  // namespace
}  // namespace convlens::test
