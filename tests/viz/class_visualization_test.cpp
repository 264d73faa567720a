// class_visualization as its users meet it, on the network of weights/shapes.

#include <gtest/gtest.h>

#include <fstream>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/optimisation/diversity.h"
#include "viz/optimisation/smoothing.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class ClassVisualization : public ::testing::Test {
 protected:
  ProgramOutcome run(const std::string& arguments) const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), "\"$VIZ_RUN\" config.json " + arguments);
  }

  Json record(const std::string& out = "out") const {
    std::ifstream stream(root_ / out / "run.json");
    return Json::parse(stream);
  }

  Json results(const std::string& out = "out") const { return record(out)["runs"][0]["results"]; }

  void expect_refused(const std::string& part) const {
    const ProgramOutcome outcome = run("--quiet");
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }

  TemporaryFolder root_;
  Json config_{{"algorithm", "class_visualization"},
               {"model", CONVLENS_SOURCE_DIR "/weights/shapes"},
               {"class", "ring"},
               {"jitter", 4},
               {"lr", 3},
               {"threads", 1},
               {"out", "out"}};
};

TEST_F(ClassVisualization, MakesThePictureOfAClass) {
  for (const std::string shape : {"circle", "cross", "ring", "square", "triangle"}) {
    config_["class"] = shape;
    ASSERT_EQ(run("--quiet").code, 0);
    const double probability = results()["images"][0]["probabilities"][0];
    EXPECT_TRUE(probability > 0.99) << shape << " " << probability;
    EXPECT_TRUE(fs::exists(root_ / "out/image.png"));
  }
}

TEST_F(ClassVisualization, EachPriorLeavesTheClassCertain) {
  for (const Json& prior :
       {Json{{"l2", 0}}, Json{{"blur_steps", 0}}, Json{{"clip_small_pixels", 30}}, Json{{"clip_small_gradients", 30}},
        Json{{"parameterization", "fourier"}, {"steps", 200}}}) {
    Json keys = config_;
    if (prior.contains("parameterization")) keys.erase("lr");
    keys.update(prior);
    std::swap(config_, keys);
    ASSERT_EQ(run("--quiet").code, 0);
    std::swap(config_, keys);
    const double probability = results()["images"][0]["probabilities"][0];
    EXPECT_TRUE(probability > 0.99) << prior << " " << probability;
  }
}

TEST_F(ClassVisualization, WithoutStepsEveryTermIsEvaluated) {
  config_.update({{"steps", 0}, {"start_sd", 1}, {"seeds", 2}, {"diversity", 1}});
  ASSERT_EQ(run("--quiet").code, 0);
  const Json found = results();
  EXPECT_EQ(found["ascent"]["steps"], 0);
  for (const std::string term : {"score", "L2", "likeness"}) EXPECT_TRUE(found["ascent"]["terms"].contains(term));
  EXPECT_TRUE(found["ascent"]["terms"]["likeness"]["first"] > 0.1);  // images of one kind of noise
}

TEST_F(ClassVisualization, SeedsAndDiversityMakeDifferentImages) {
  config_.update({{"start_sd", 0.5}, {"seeds", 3}, {"steps", 60}});
  ASSERT_EQ(run("--quiet").code, 0);
  EXPECT_EQ(results()["images"].size(), 3U);
  const Json hashes = record()["outputs"];
  EXPECT_NE(hashes["image-0.png"], hashes["image-1.png"]);
  config_.update({{"diversity", 0}, {"diversity_layer", "relu4"}});
  const auto likeness = [&](double weight) {
    config_["diversity"] = weight;
    EXPECT_EQ(run("--quiet").code, 0);
    return results()["ascent"]["terms"]["likeness"]["last"].get<double>() / weight;
  };
  EXPECT_TRUE(likeness(100) < likeness(1e-6) - 0.05);
}

TEST_F(ClassVisualization, LayersChannelsNeuronsAndSumsOfClassesAreTargets) {
  config_.erase("class");
  config_.update({{"steps", 30}, {"start_sd", 0.5}});  // where the neuron is not off
  for (const Json& target :
       {Json{{"layer", "relu4"}}, Json{{"layer", "relu4"}, {"channel", 3}},
        Json{{"layer", "relu4"}, {"channel", 3}, {"position", {1, 1}}}, Json{{"classes", {"ring", "cross"}}},
        Json{{"classes", {"ring", "cross"}}, {"class_weights", {1, -1}}}}) {
    Json keys = config_;
    config_.update(target);
    ASSERT_EQ(run("--quiet").code, 0) << target;
    const Json found = results();
    const double first = found["ascent"]["terms"]["score"]["first"], last = found["ascent"]["terms"]["score"]["last"];
    EXPECT_TRUE(last < first) << target;  // minus the score
    config_ = keys;
  }
}

TEST_F(ClassVisualization, SaysThatATargetIsOff) {
  config_.erase("class");
  config_.update({{"steps", 5}, {"layer", "relu4"}, {"channel", 3}, {"position", {1, 1}}});
  const ProgramOutcome outcome = run("");
  EXPECT_NE(outcome.output.find("the target never changed: a ReLU before it is off"), std::string::npos)
      << outcome.output;
}

TEST_F(ClassVisualization, AnInterruptKeepsAndResumeGoesOnToTheSameBits) {
  config_.update({{"steps", 3000}, {"snapshot_steps", 500}, {"blur_steps", 4}, {"start_sd", 0.1}});
  ASSERT_EQ(run("--quiet --out whole").code, 0);
  const ProgramOutcome cut =
      end_program_at(root_ / "parts/.unfinished/checkpoint", root_.path(), "config.json --quiet --out parts");
  ASSERT_EQ(cut.code, 143) << cut.output;
  EXPECT_NE(cut.output.find("--resume goes on from there"), std::string::npos) << cut.output;
  EXPECT_FALSE(fs::exists(root_ / "parts/run.json"));
  ASSERT_EQ(run("--quiet --resume --out parts").code, 0);
  EXPECT_EQ(record("parts")["outputs"], record("whole")["outputs"]);
  EXPECT_EQ(record("parts")["runs"][0]["results"], record("whole")["runs"][0]["results"]);
}

TEST_F(ClassVisualization, VerifiesItsRecord) {
  config_.update({{"steps", 20}, {"start_sd", 0.1}});
  ASSERT_EQ(run("--quiet").code, 0);
  const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" --verify out/run.json");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
}

TEST_F(ClassVisualization, StepsThatAreTooLongAreNamed) {
  config_.update({{"parameterization", "fourier"}, {"lr", 1e38}, {"jitter", 8}});
  expect_refused("is not finite: smaller steps or weights may help");
}

TEST_F(ClassVisualization, RefusesWhatContradicts) {
  const Json keys = config_;
  const auto refused = [&](const Json& changes, const std::string& part) {
    config_ = keys;
    config_.update(changes);
    expect_refused(part);
  };
  refused({{"class", "hexagon"}}, "has no class 'hexagon'");
  refused({{"class", 5}}, "has the classes 0 to 4");
  refused({{"class", ""}}, "one of the keys 'class', 'classes' and 'layer' must say what is to be seen, found 0");
  refused({{"layer", "relu4"}}, "found 2 of them");
  refused({{"class", ""}, {"layer", "relu9"}}, "relu9");
  refused({{"class", ""}, {"layer", "relu4"}, {"channel", 9999}}, "'channel' must be below");
  refused({{"class", ""}, {"layer", "relu4"}, {"position", {0, 0}}}, "its 'channel' is missing");
  refused({{"class", ""}, {"classes", {"ring"}}, {"class_weights", {1, 2}}}, "'class_weights' must have as many");
  refused({{"scale", {1.2, 0.8}}}, "'scale' must be [smallest, largest]");
  refused({{"diversity", 1}}, "'seeds' must be at least 2");
  refused({{"seeds", 2}, {"jitter", 0}}, "'seeds' are alike without noise or jitter");
  refused({{"parameterization", "fourier"}, {"blur_steps", 4}}, "there are none to change");
}

TEST(MeanCosine, IsThatOfPairsAndHasTheirGradient) {
  Array value({3, 2, 1, 1}), gradient(value.shape);
  value.values = {1, 0, 0, 2, 3, 3};  // angles of 90, 45 and 45 degrees
  const Loss loss = viz::mean_cosine("gram");
  EXPECT_NEAR(loss.evaluate(value, gradient), 2 * std::sqrt(0.5) / 3, 1e-6);
  for (size_t i = 0; i < value.values.size(); ++i) {
    Array up = value, down = value, unused(value.shape);
    up.values[i] += 0.01F;
    down.values[i] -= 0.01F;
    const double slope = (loss.evaluate(up, unused) - loss.evaluate(down, unused)) / 0.02;
    EXPECT_NEAR(gradient.values[i], slope, 1e-4) << i;
  }
}

TEST(ClipSmall, TakesTheSmallestPixelsOfEachImage) {
  Array images({2, 2, 1, 4}, 9), measure(images.shape);
  measure.values = {3, 1, 0, 0, 0, 0, 2, 5, 0, 0, 0, -4, 1, 2, 3, 0};
  const double zero[] = {0.5, 0.25};
  viz::clip_small(images, measure, 50, zero);
  const float a = 0.5F, b = 0.25F;
  EXPECT_EQ(images.values, (std::vector<float>{9, a, a, 9, 9, b, b, 9, a, a, 9, 9, b, b, 9, 9}));
}

}  // namespace
}  // namespace convlens::test
