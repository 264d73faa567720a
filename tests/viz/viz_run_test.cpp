// viz_run as its users meet it: what it leaves, what it prints, and how it refuses.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "kernels/base/device_api.h"
#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/weights/tiny_model.h"
#include "viz/folder_lock.h"
#include "viz/io/image.h"
#include "viz/io/npy.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code;
  std::string output;  // of both streams
};

class VizRun : public ::testing::Test {
 protected:
  VizRun() {
    write_tiny_model(root_ / "model");
    viz::Image photo = viz::make_image(3, 24, 20);
    for (size_t i = 0; i < photo.values.size(); ++i) photo.values[i] = static_cast<float>(i * 37 % 101) / 100;
    viz::write_png(root_ / "ein Foto ä.png", photo);
    config_ = {{"algorithm", "saliency"}, {"model", "model"}, {"image", "ein Foto ä.png"}, {"out", "out"}};
  }

  Outcome run(const std::string& arguments) const {
    std::FILE* pipe = popen(
        ("cd '" + root_.string() + "' && XDG_CACHE_HOME=cache '" VIZ_RUN "' " + arguments + " 2>&1").c_str(), "r");
    std::string text;
    for (int c; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    return {WEXITSTATUS(pclose(pipe)), text};
  }

  Outcome run_config(const std::string& arguments = "") const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run("config.json " + arguments);
  }

  /// It must end with code 2, one sentence that holds `part`, and nothing in the output folder.
  void expect_refused(const std::string& part, const std::string& arguments = "") const {
    const Outcome outcome = run_config(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }

  std::set<std::string> files(const std::string& folder) const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / folder))
      names.insert(fs::relative(entry.path(), root_ / folder).string());
    return names;
  }

  Json record() const { return Json::parse(std::ifstream(root_ / "out/run.json")); }

  TemporaryFolder folder_;
  fs::path root_ = folder_.path();
  Json config_;
};

TEST_F(VizRun, LeavesPicturesArraysPageAndRecord) {
  const Outcome outcome = run_config();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(files("out"), (std::set<std::string>{"gradient.npy", "image.png", "overlay.png", "report.html", "run.json",
                                                 "saliency.png"}));
  EXPECT_EQ(viz::read_npy(root_ / "out/gradient.npy").shape, (std::vector<int64_t>{1, 3, 16, 16}));
  EXPECT_EQ(viz::read_image(root_ / "out/saliency.png").width, 16);
  const Json record = this->record();
  EXPECT_EQ(record["outputs"]["gradient.npy"], sha256_file(root_ / "out/gradient.npy"));
  EXPECT_EQ(record["runs"][0]["inputs"]["image"]["sha256"], sha256_file(root_ / "ein Foto ä.png"));
  EXPECT_EQ(record["runs"][0]["layers"]["relu1"]["backward_data"], "fused into pool");
}

TEST_F(VizRun, AListOfRunsSharesKeysAndEndsInOnePage) {
  config_["runs"] = {{{"algorithm", "classify"}},
                     {{"algorithm", "filters"}},
                     {{"algorithm", "filters"}, {"layer", "conv2"}},
                     {{"algorithm", "activations"}},
                     {{"algorithm", "guided_backprop"}, {"modes", {"guided", "standard"}}}};
  config_.erase("algorithm");
  const Outcome outcome = run_config();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  for (const char* file :
       {"classify/image.png", "filters/filters.png", "filters-2/filters.png", "activations/relu1.png",
        "guided_backprop/guided.png", "guided_backprop/standard.npy", "report.html", "run.json"})
    EXPECT_TRUE(fs::exists(root_ / "out" / file)) << file;
  EXPECT_EQ(record()["runs"].size(), 5U);
}

TEST_F(VizRun, ComparesMethodsOfAttribution) {
  config_ = {{"algorithm", "attribution_compare"},
             {"model", "model"},
             {"image", "ein Foto ä.png"},
             {"out", "out"},
             {"methods", {"saliency", "grad_cam variant=layer_cam layer=relu1"}},
             {"steps", 4}};
  const Outcome outcome = run_config();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_TRUE(fs::exists(root_ / "out/grad_cam_variant_layer_cam_layer_relu1.png"));
  const Json methods = record()["runs"][0]["results"]["methods"];
  ASSERT_EQ(methods.size(), 3U);
  EXPECT_EQ(methods[2]["method"], "random order");
  for (const Json& method : methods) {
    EXPECT_TRUE(method["insertion_area"] > 0 && method["insertion_area"] < 1) << method;
    EXPECT_TRUE(method["deletion_area"] > 0 && method["deletion_area"] < 1) << method;
  }
}

TEST_F(VizRun, RefusesAMethodThatIsNone) {
  config_ = {{"algorithm", "attribution_compare"}, {"model", "model"}, {"image", "ein Foto ä.png"}, {"out", "out"}};
  config_["methods"] = {"saliency", "salency"};
  expect_refused("'methods[1]': there is no method 'salency'; the nearest are 'saliency'");
  config_["methods"] = {"grad_cam varant=layer_cam"};
  expect_refused("'methods[0]': unknown key 'varant'");
  config_["methods"] = {"grad_cam layer=fc"};
  expect_refused("'layer' must have a map of more than one pixel");
}

TEST_F(VizRun, ShowsFirstFiltersOfSeveralModels) {
  write_tiny_model(root_ / "other");
  config_ = {{"algorithm", "filters"}, {"model", "model"}, {"models", {"other"}}, {"out", "out"}};
  const Outcome outcome = run_config();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_TRUE(fs::exists(root_ / "out/filters-2.png"));
  EXPECT_EQ(record()["runs"][0]["results"]["shown"].size(), 2U);
  ASSERT_EQ(run("config.json --set 'models=[\"other\", \"model\"]'").code, 0);
  EXPECT_EQ(record()["runs"][0]["results"]["shown"].size(), 3U);
}

TEST_F(VizRun, TheSameRunGivesTheSameBits) {
  ASSERT_EQ(run_config().code, 0);
  const Outcome same = run("--verify out/run.json");
  EXPECT_EQ(same.code, 0) << same.output;
  Json record = this->record();
  record["outputs"]["gradient.npy"] = std::string(64, '0');
  std::ofstream(root_ / "out/run.json") << record.dump();
  const Outcome different = run("--verify out/run.json");
  EXPECT_EQ(different.code, 1);
  EXPECT_NE(different.output.find("DIFFERS  gradient.npy"), std::string::npos) << different.output;
}

TEST_F(VizRun, OverridesAndFolderComeFromTheCommandLine) {
  const Outcome outcome = run_config("--set class=cross --set signed=true --out elsewhere --quiet");
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  const Json record = Json::parse(std::ifstream(root_ / "elsewhere/run.json"));
  EXPECT_EQ(record["runs"][0]["results"]["class"]["name"], "cross");
  EXPECT_EQ(record["runs"][0]["configuration"]["signed"], true);
}

TEST_F(VizRun, JsonIsMachineReadable) {
  const Outcome outcome = run_config("--json");
  EXPECT_EQ(Json::parse(outcome.output)["runs"][0]["algorithm"], "saliency");
}

TEST_F(VizRun, TheReferenceDeviceAgreesWithTheCpu) {
  ASSERT_EQ(run_config().code, 0);
  ASSERT_EQ(run_config("--device reference --out reference").code, 0);
  const auto a = viz::read_npy(root_ / "out/gradient.npy"), b = viz::read_npy(root_ / "reference/gradient.npy");
  for (size_t i = 0; i < a.values.size(); ++i) ASSERT_NEAR(a.values[i], b.values[i], 1e-5);
}

TEST_F(VizRun, TellsWhatItCanDo) {
  EXPECT_NE(run("--list").output.find("guided_backprop"), std::string::npos);
  EXPECT_NE(run("--describe saliency").output.find("clip_percentile"), std::string::npos);
  EXPECT_NE(run("--describe conv2d").output.find("dilation"), std::string::npos);
  EXPECT_NE(run("--describe salienzy").output.find("'saliency'"), std::string::npos);
  EXPECT_EQ(run("--describe salienzy").code, 2);
}

TEST_F(VizRun, PlansWithoutRunning) {
  std::ofstream(root_ / "config.json") << config_.dump();
  for (const std::string command : {"plan config.json", "config.json --plan"}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.output.find("backward_data"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("peak "), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }
  EXPECT_NE(run("plan config.json --explain").output.find("conv1 (forward): conv2d "), std::string::npos);
}

TEST_F(VizRun, TracesEveryStep) {
  std::ofstream(root_ / "config.json") << config_.dump();
  const Outcome outcome = run("trace config.json --trace timeline.json");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  const Json timeline = Json::parse(std::ifstream(root_ / "timeline.json"));
  std::set<std::string> layers;
  for (const Json& event : timeline["traceEvents"]) {
    layers.insert(event["name"]);
    EXPECT_GT(event["args"]["norm"].get<double>(), 0) << event;
  }
  EXPECT_TRUE(layers.contains("conv1") && layers.contains("fc"));
}

TEST_F(VizRun, TakesThePrecisionThatIsAskedFor) {
  config_["precision"] = "exact";
  expect_refused("'precision' must be one of");
  std::string loosest;
  for (const char* precision : {"strict", "standard", "half", "bf16"}) {
    config_["precision"] = precision;
    EXPECT_EQ(run_config().code, 0) << precision;
    loosest = run("plan config.json --explain").output;
  }
  EXPECT_EQ(loosest.find("is less exact"), std::string::npos);
}

TEST_F(VizRun, TunesOnceAndPlansByIt) {
  std::ofstream(root_ / "config.json") << config_.dump();
  const Outcome first = run("tune config.json");
  EXPECT_EQ(first.code, 0) << first.output;
  EXPECT_EQ(first.output.find(" 0 times measured"), std::string::npos) << first.output;
  ASSERT_TRUE(fs::exists(root_ / "cache/convlens/measured_costs.json"));
  EXPECT_NE(run("tune config.json").output.find("\n0 times measured"), std::string::npos);
  EXPECT_NE(run("plan config.json --explain").output.find(" ms in place of "), std::string::npos);
  EXPECT_EQ(run_config().code, 0);
}

TEST_F(VizRun, RefusesMeasuredTimesThatAreNone) {
  fs::create_directories(root_ / "cache/convlens");
  for (const char* text : {"nonsense", "[]"}) {
    std::ofstream(root_ / "cache/convlens/measured_costs.json") << text;
    expect_refused("measured_costs.json: expected an object of measured times");
  }
}

TEST_F(VizRun, ChecksGradients) {
  const Outcome outcome = run("gradcheck model --samples 5");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("all gradients agree"), std::string::npos);
}

TEST_F(VizRun, RefusesAnUnknownKey) {
  config_["clip_percentil"] = 90;
  expect_refused("config.json: unknown key 'clip_percentil'; the nearest are 'clip_percentile'");
}

TEST_F(VizRun, RefusesAWrongType) {
  config_["signed"] = "yes";
  expect_refused("config.json: 'signed' must be true or false, found \"yes\"");
}

TEST_F(VizRun, RefusesAnUnknownAlgorithm) {
  config_["algorithm"] = "salience";
  expect_refused("'algorithm': there is no algorithm 'salience'; the nearest are 'saliency'");
}

TEST_F(VizRun, RefusesAnUnknownClass) {
  config_["class"] = "cirle";
  expect_refused("has no class 'cirle'; the nearest are 'circle'");
  config_["class"] = 4;
  expect_refused("has the classes 0 to 3, so 'class' cannot be 4");
}

TEST_F(VizRun, RefusesAMissingLayer) {
  config_["algorithm"] = "guided_backprop";
  config_["layer"] = "conv3";
  expect_refused("has no layer 'conv3'; the nearest are 'conv1', 'conv2'");
}

TEST_F(VizRun, RefusesAMissingImage) {
  config_.erase("image");
  expect_refused("the key 'image' is missing");
  config_["image"] = "no.png";
  expect_refused("no.png");
}

TEST_F(VizRun, RefusesAnImageThatIsNone) {
  std::ofstream(root_ / "text.png") << "hello";
  config_["image"] = "text.png";
  expect_refused("text.png");
}

TEST_F(VizRun, RefusesAnAlteredModel) {
  std::fstream binary(root_ / "model/model.bin", std::ios::in | std::ios::out | std::ios::binary);
  binary.put('x');
  binary.close();
  expect_refused("model.bin: its sha256 must be");
}

TEST_F(VizRun, RefusesAModelThatIsNotThere) {
  config_["model"] = "nothing";
  expect_refused("nothing");
}

TEST_F(VizRun, RefusesADeviceThatIsNotHere) {
  if (has_device(Device::cuda)) GTEST_SKIP() << "this machine has the device cuda";
  expect_refused("the device \"cuda\" is not here: ", "--device cuda");
}

TEST_F(VizRun, TakesTheBestDeviceOfTheMachineUnlessItIsTold) {
  ASSERT_EQ(run_config().code, 0);
  const Json record = Json::parse(std::ifstream(root_ / "out/run.json"));
  EXPECT_EQ(record["runs"][0]["device"], has_device(Device::cuda) ? "cuda" : "cpu");
}

TEST_F(VizRun, RefusesABadOverride) { expect_refused("--set takes key.path=value", "--set signed"); }

TEST_F(VizRun, RefusesTextThatIsNoJson) {
  std::ofstream(root_ / "broken.json") << "{\"algorithm\": ";
  const Outcome outcome = run("broken.json");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("broken.json: is not valid JSON"), std::string::npos);
  EXPECT_EQ(run("").code, 2);
  EXPECT_EQ(run("missing.json").code, 2);
  EXPECT_EQ(run("--no-such-option").code, 2);
}

TEST_F(VizRun, LeavesEarlierResultsWhenItFails) {
  ASSERT_EQ(run_config().code, 0);
  const auto before = files("out");
  const std::string hash = sha256_file(root_ / "out/report.html");
  config_["class"] = "none";
  EXPECT_EQ(run_config().code, 2);
  EXPECT_EQ(files("out"), before);
  EXPECT_EQ(sha256_file(root_ / "out/report.html"), hash);
}

TEST_F(VizRun, AnInterruptLeavesEarlierResultsAndNothingElse) {
  config_["size"] = {1024, 1024};  // some seconds of the reference loops
  std::ofstream(root_ / "config.json") << config_.dump();
  // SIGTERM, which takes the same way as Ctrl-C: shells ignore SIGINT in what they run in the background.
  const std::string interrupted = "cd '" + root_.string() +
                                  "' && timeout --preserve-status -s TERM 0.5 '" VIZ_RUN
                                  "' config.json --device reference >/dev/null 2>&1";
  EXPECT_EQ(WEXITSTATUS(std::system(interrupted.c_str())), 143);
  EXPECT_FALSE(fs::exists(root_ / "out"));
  ASSERT_EQ(run_config("--set size=[16,16]").code, 0);
  const auto before = files("out");
  std::ofstream(root_ / "config.json") << config_.dump();
  EXPECT_EQ(WEXITSTATUS(std::system(interrupted.c_str())), 143);
  EXPECT_EQ(files("out"), before);
}

// A list whose second run ends with an error at first.
TEST_F(VizRun, ResumesAfterTheRunsThatAreFinished) {
  config_["runs"] = {{{"algorithm", "saliency"}}, {{"algorithm", "saliency"}, {"class", "none"}}};
  config_.erase("algorithm");
  EXPECT_EQ(run_config().code, 2);
  EXPECT_FALSE(fs::exists(root_ / "out/report.html"));
  EXPECT_TRUE(fs::exists(root_ / "out/.unfinished/saliency/gradient.npy"));
  config_["runs"][1]["class"] = "cross";
  const Outcome resumed = run_config("--resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(resumed.output.find("saliency: finished before\n"), 0U) << resumed.output;
  EXPECT_EQ(resumed.output.rfind("finished before"), resumed.output.find("finished before"));
  EXPECT_FALSE(fs::exists(root_ / "out/.unfinished"));
  const Json outputs = record()["outputs"];
  ASSERT_EQ(run_config().code, 0);
  EXPECT_EQ(record()["outputs"], outputs);
  EXPECT_EQ(record()["runs"].size(), 2U);
}

TEST_F(VizRun, DoesNotResumeWhatIsNoLongerTheSame) {
  config_["runs"] = {{{"algorithm", "saliency"}}, {{"algorithm", "saliency"}, {"class", "none"}}};
  config_.erase("algorithm");
  const auto resumes_after = [&](const std::function<void()>& change) {
    EXPECT_EQ(run_config().code, 2);
    change();
    return run_config("--resume").output.find("finished before") != std::string::npos;
  };
  EXPECT_TRUE(resumes_after([] {}));
  EXPECT_FALSE(resumes_after([&] { config_["signed"] = true; }));
  EXPECT_FALSE(resumes_after([&] { std::ofstream(root_ / "out/.unfinished/saliency/saliency.png") << "altered"; }));
  EXPECT_FALSE(resumes_after([&] { viz::write_png(root_ / "ein Foto ä.png", viz::make_image(3, 24, 20)); }));
  EXPECT_FALSE(resumes_after([&] { fs::remove_all(root_ / "out/.unfinished"); }));
}

TEST_F(VizRun, AnInterruptKeepsFinishedRunsOfAList) {
  config_["runs"] = {{{"algorithm", "saliency"}},
                     {{"algorithm", "saliency"}, {"device", "reference"}, {"size", {1024, 1024}}}};
  config_.erase("algorithm");
  std::ofstream(root_ / "config.json") << config_.dump();
  const std::string command =
      "cd '" + root_.string() + "' && timeout --preserve-status -s TERM 2 '" VIZ_RUN "' config.json --quiet 2>said";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 143);
  EXPECT_TRUE(fs::exists(root_ / "out/.unfinished/saliency/finished.json"));
  std::stringstream said;
  said << std::ifstream(root_ / "said").rdbuf();
  EXPECT_EQ(said.str(), "viz_run: interrupted; --resume goes on after the runs that are finished\n");
  config_["runs"][1]["size"] = {16, 16};
  EXPECT_NE(run_config("--resume").output.find("finished before"), std::string::npos);
}

TEST_F(VizRun, RefusesAFolderThatAnotherProgramWritesTo) {
  fs::create_directory(root_ / "out");
  const viz::FolderLock other(root_ / "out");
  const Outcome outcome = run_config();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("another program is writing"), std::string::npos) << outcome.output;
}

TEST_F(VizRun, AFullDiskLosesNothing) {
  ASSERT_EQ(run_config().code, 0);
  const auto before = files("out");
  // A limit on the size of files stands in for the disk.
  std::ofstream(root_ / "limited.sh") << "ulimit -f 1; exec '" VIZ_RUN "' config.json --set signed=true";
  const int status = std::system(("cd '" + root_.string() + "' && bash limited.sh 2>/dev/null >/dev/null").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(files("out"), before);
  EXPECT_EQ(record()["runs"][0]["configuration"]["signed"], false);
}

}  // namespace
}  // namespace convlens::test
