// Dreams of the trained network of shapes: what is amplified grows, an interrupted dream ends as the uninterrupted one.

#include <gtest/gtest.h>

#include <fstream>

#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/io/image.h"
#include "viz/io/resize.h"
#include "viz/training/shapes.h"
#include "viz/video/ffmpeg.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

class DeepDream : public ::testing::Test {
 protected:
  void SetUp() override { write_png(folder_ / "photo.png", viz::draw_shape(0, 48, 900001).picture); }

  Json configuration() const {
    return {{"algorithm", "deepdream"},
            {"model", CONVLENS_SOURCE_DIR "/weights/shapes"},
            {"image", "photo.png"},
            {"out", "out"},
            {"threads", 1},
            {"layer", "relu3"},
            {"longer_edge", 64},
            {"octaves", 2},
            {"jitter", 4}};
  }

  ProgramOutcome run(const Json& json, const std::string& arguments = "") const {
    std::ofstream(folder_ / "config.json") << json;
    return run_program(folder_.path(), "$VIZ_RUN config.json " + arguments);
  }

  Json results() const {
    std::ifstream stream(folder_ / "out/run.json");
    return Json::parse(stream)["runs"][0]["results"];
  }

  TemporaryFolder folder_;
};

TEST_F(DeepDream, FeaturesGrowInEachOctave) {
  const ProgramOutcome outcome = run(configuration());
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  for (const char* octave : {"octave 1", "octave 2"}) {
    const Json of_octave = results()[octave];
    EXPECT_EQ(of_octave["steps"], 10);
    EXPECT_LT(of_octave["last"].get<double>(), 1.5 * of_octave["first"].get<double>());  // both negative
  }
  const viz::Image dream = viz::read_image(folder_ / "out/dream.png");
  EXPECT_EQ(dream.width, 64);
  EXPECT_EQ(run_program(folder_.path(), "$VIZ_RUN --verify out/run.json").code, 0);
}

TEST_F(DeepDream, OneChannelGrowsMoreThanAmongAll) {
  Json json = configuration();
  json.update({{"channel", 3}, {"octaves", 1}});
  ASSERT_EQ(run(json).code, 0);
  const Json alone = results()["octave 1"];
  EXPECT_LT(alone["last"].get<double>(), alone["first"].get<double>());
  json["channel"] = 1000;
  const ProgramOutcome outcome = run(json);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("'channel'"), std::string::npos) << outcome.output;
}

TEST_F(DeepDream, AGuideDrawsFeaturesToIts) {
  write_png(folder_ / "guide.png", viz::draw_shape(4, 48, 900002).picture);
  Json json = configuration();
  json["guide"] = "guide.png";
  const ProgramOutcome outcome = run(json);
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_LT(results()["octave 2"]["last"].get<double>(), results()["octave 2"]["first"].get<double>());
}

TEST_F(DeepDream, ZoomsFrameByFrame) {
  Json json = configuration();
  json.update({{"frames", 3}, {"steps", 2}});
  ASSERT_EQ(run(json).code, 0);
  const std::string first = sha256_file(folder_ / "out/dream.png"), second = sha256_file(folder_ / "out/frame-2.png");
  EXPECT_NE(first, second);
  EXPECT_TRUE(fs::exists(folder_ / "out/frame-3.png"));
}

TEST_F(DeepDream, ZoomIsAVideoToo) {
  Json json = configuration();
  json.update({{"frames", 3}, {"steps", 2}, {"frame_rate", 12}});
  ASSERT_EQ(run(json).code, 0);
  viz::VideoReader video(folder_ / "out/zoom.mp4");
  EXPECT_EQ(video.frame_rate(), "12/1");
  const std::vector<std::string> names{"dream", "frame-2", "frame-3"};
  for (const std::string& name : names) {
    const viz::Image picture = viz::read_image(folder_ / "out" / (name + ".png"));
    const auto frame = video.next();
    ASSERT_TRUE(frame && frame->height == picture.height && frame->width == picture.width) << name;
    // Compression blurs colours over neighbouring pixels; means over parts of the frame it leaves.
    const viz::Image found = resize(*frame, 4, 4, viz::Filter::bilinear),
                     expected = resize(picture, 4, 4, viz::Filter::bilinear);
    for (size_t i = 0; i < found.values.size(); ++i) EXPECT_NEAR(found.values[i], expected.values[i], 0.03) << name;
  }
  EXPECT_FALSE(video.next());
  EXPECT_EQ(run_program(folder_.path(), "$VIZ_RUN --verify out/run.json").code, 0);
}

TEST_F(DeepDream, WithoutFfmpegItSaysThatThereIsNoVideo) {
  Json json = configuration();
  json.update({{"frames", 2}, {"steps", 1}, {"octaves", 1}});
  std::ofstream(folder_ / "config.json") << json;
  const ProgramOutcome outcome = run_program(folder_.path(), "PATH=/nowhere $VIZ_RUN config.json");
  EXPECT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("zoom.mp4 is not written: "), std::string::npos) << outcome.output;
  EXPECT_NE(bytes_of(folder_ / "out/report.html").find("there is no program"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "out/frame-2.png"));
  EXPECT_FALSE(fs::exists(folder_ / "out/zoom.mp4"));
}

TEST_F(DeepDream, NoStepsShowTheTermsAtTheStart) {
  Json json = configuration();
  json["steps"] = 0;
  ASSERT_EQ(run(json).code, 0);
  const Json at_start = results()["octave 2"];
  EXPECT_EQ(at_start["steps"], 0);
  EXPECT_EQ(at_start["first"], at_start["last"]);
  EXPECT_EQ(sha256_file(folder_ / "out/dream.png"), sha256_file(folder_ / "out/photo.png"));
}

TEST_F(DeepDream, GoesOnAfterAnInterruptToTheSameBits) {
  Json json = configuration();
  json.update({{"steps", 600}, {"snapshot_steps", 200}, {"checkpoint_steps", 20}});
  ASSERT_EQ(run(json).code, 0);
  const std::string whole = sha256_file(folder_ / "out/dream.png");
  json["out"] = "again";
  std::ofstream(folder_ / "config.json") << json;
  const fs::path kept = folder_ / "again/.unfinished/checkpoint";
  const ProgramOutcome interrupted = end_program_at(kept, folder_.path(), "config.json");
  EXPECT_EQ(interrupted.code, 143) << interrupted.output;
  EXPECT_NE(interrupted.output.find("--resume goes on from there"), std::string::npos) << interrupted.output;
  EXPECT_FALSE(fs::exists(folder_ / "again/dream.png"));
  const ProgramOutcome resumed = run(json, "--resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(sha256_file(folder_ / "again/dream.png"), whole);

  EXPECT_EQ(end_program_at(kept, folder_.path(), "config.json").code, 143);
  json["step"] = 2;
  const ProgramOutcome other = run(json, "--resume");
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.output.find("of another configuration"), std::string::npos) << other.output;
}

}  // namespace
}  // namespace convlens::test
