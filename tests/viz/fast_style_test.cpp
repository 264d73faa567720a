// fast_style as users meet it, on small networks with random weights.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/engine/model_builder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/model_folder.h"
#include "tests/viz/program.h"
#include "tests/weights/tiny_model.h"
#include "viz/io/image.h"
#include "viz/io/resize.h"
#include "viz/video/ffmpeg.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;
using viz::Image;

constexpr int64_t styles = 3;

/// Halves the map and doubles it again, with a norm of `styles` styles after each convolution.
Model style_network() {
  ModelBuilder builder({1, 3, 16, 16});
  builder.add_vector("style", styles);
  const auto convolution = [&](const std::string& name, const std::string& input, int channels, int stride) {
    builder.add(name + ".pad", "pad", {{"padding", 1}, {"mode", "reflect"}}, {input});
    builder.add(name, "conv2d", {{"out_channels", channels}, {"kernel_size", 3}, {"stride", stride}, {"bias", false}});
    return builder.add(name + ".norm", "conditional_instance_norm", {{"styles", styles}}, {name, "style"});
  };
  std::string last = convolution("conv1", "image", 8, 1);
  builder.add("relu1", "relu", Json::object(), {last});
  last = convolution("conv2", "relu1", 8, 2);
  builder.add("relu2", "relu", Json::object(), {last});
  builder.add("upsample", "upsample", {{"scale_factor", 2}});
  last = convolution("conv3", "upsample", 3, 1);
  builder.add("sigmoid", "sigmoid", Json::object(), {last});
  Model model = builder.model();
  model.inputs[0].mean = {0, 0, 0};
  model.inputs[0].std = {1, 1, 1};
  return model;
}

/// From blue, green, red of 0..255 less a mean to the same without the mean, as Caffe's networks do.
Model inverting_network() {
  ModelBuilder builder({1, 3, 16, 16});
  builder.add("negative", "conv2d", {{"out_channels", 3}, {"kernel_size", 1}});
  Model model = builder.model();
  InputSpec& input = model.inputs[0];
  input.channel_order = "bgr";
  input.range = {0, 255};
  input.mean = {100, 110, 120};
  input.std = {1, 1, 1};
  const auto weight = std::make_shared<std::vector<float>>(std::vector<float>{-1, 0, 0, 0, -1, 0, 0, 0, -1});
  const auto bias = std::make_shared<std::vector<float>>(std::vector<float>{155, 145, 135});
  model.layers[0].weights[0].data = {weight, weight->data()};
  model.layers[0].weights[1].data = {bias, bias->data()};
  return model;
}

/// What the network makes of the photo with these shares, by the engine alone: mirrored to an even size, cut again.
Image expected(const Model& model, const Image& photo, const std::vector<float>& shares) {
  const int height = (photo.height + 1) / 2 * 2, width = (photo.width + 1) / 2 * 2;
  Array input({1, 3, height, width}), vector({1, styles, 1, 1});
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        input.values[static_cast<size_t>((c * height + y) * width + x)] =
            photo.at(c, y < photo.height ? y : 2 * photo.height - 2 - y, x < photo.width ? x : 2 * photo.width - 2 - x);
  vector.values = shares;
  Session session(model, {.input_shapes = {{"image", input.shape}}, .observe = {model.output}});
  session.set_input("image", input);
  session.set_input("style", vector);
  session.forward();
  const Array output = session.value(model.output);
  Image image = viz::make_image(3, photo.height, photo.width);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < photo.height; ++y)
      for (int x = 0; x < photo.width; ++x)
        image.at(c, y, x) = output.values[static_cast<size_t>((c * height + y) * width + x)];
  return image;
}

double greatest_difference(const Image& a, const Image& b) {
  EXPECT_EQ(viz::shape_text(a), viz::shape_text(b));
  double difference = 0;
  for (size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i)
    difference = std::max(difference, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
  return difference;
}

constexpr double rounding = 0.51 / 255;  // of a PNG
// Pictures a class: a fast machine paints 30 in the time in which a busy one notices the first of them.
constexpr int enough_to_interrupt = 200;

class FastStyle : public ::testing::Test {
 protected:
  FastStyle() {
    write_model(root_ / "model", style_network());
    write_png(root_ / "photo.png", photo_);
  }

  /// Nowhere alike, not even at its borders.
  static Image odd_photo() {
    Image photo = viz::make_image(3, 21, 19);
    for (size_t i = 0; i < photo.values.size(); ++i)
      photo.values[i] = static_cast<float>(0.5 + 0.5 * std::sin(1.7 * static_cast<double>(i)));
    return photo;
  }

  ProgramOutcome run(const std::string& arguments = "", const std::string& before = "") const {
    std::ofstream(root_ / "config.json") << config_.dump();
    return run_program(root_.path(), before + " \"$VIZ_RUN\" config.json " + arguments);
  }

  Image result(const std::string& name) const { return viz::read_image(root_ / "out" / name); }
  Json record(const std::string& out) const { return Json::parse(std::ifstream(root_ / out / "run.json")); }
  Json results(const std::string& out = "out") const { return record(out)["runs"][0]["results"]; }
  Json outputs(const std::string& out = "out") const { return record(out)["outputs"]; }  ///< name -> sha256

  /// The picture as its file holds it.
  Image rounded(const Image& image) const {
    write_png(root_ / "rounded.png", image);
    return viz::read_image(root_ / "rounded.png");
  }

  void expect_verified() const {
    const ProgramOutcome outcome = run_program(root_.path(), "\"$VIZ_RUN\" --verify out/run.json");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
  }

  void expect_refused(const std::string& part, const std::string& before = "") const {
    const ProgramOutcome outcome = run("", before);
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }

  TemporaryFolder root_;
  const Image photo_ = odd_photo();
  Json config_{{"algorithm", "fast_style"}, {"model", "model"}, {"image", "photo.png"}, {"out", "out"}, {"threads", 1}};
};

TEST_F(FastStyle, PaintsEachStyleAtThePhotosOwnSize) {
  config_["styles"] = {0, 2};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const Image photo = rounded(photo_);
  EXPECT_LE(greatest_difference(result("style_0.png"), expected(style_network(), photo, {1, 0, 0})), rounding);
  EXPECT_LE(greatest_difference(result("style_2.png"), expected(style_network(), photo, {0, 0, 1})), rounding);
  EXPECT_GE(greatest_difference(result("style_0.png"), result("style_2.png")), 0.1);
  EXPECT_EQ(results()["painted"], 2);
  expect_verified();
}

TEST_F(FastStyle, PaintsTheFirstStyleUnlessTold) {
  ASSERT_EQ(run().code, 0);
  EXPECT_TRUE(fs::exists(root_ / "out/style_0.png"));
  EXPECT_FALSE(fs::exists(root_ / "out/style_1.png"));
}

TEST_F(FastStyle, BlendsByWeightedMeansOfTheStyles) {
  config_["styles"] = {0, 2};
  config_["weights"] = {1, 3};
  ASSERT_EQ(run().code, 0);
  EXPECT_LE(greatest_difference(result("blend.png"), expected(style_network(), rounded(photo_), {0.25F, 0, 0.75F})),
            rounding);
  EXPECT_FALSE(fs::exists(root_ / "out/style_0.png"));
}

TEST_F(FastStyle, GridShowsAllStyles) {
  config_["grid"] = true;
  ASSERT_EQ(run().code, 0);
  const Image grid = result("grid.png");
  EXPECT_EQ((grid.height - 4) / (photo_.height + 4) * ((grid.width - 4) / (photo_.width + 4)), 4);  // one is empty
  // The second tile is the second style.
  const Image second = expected(style_network(), rounded(photo_), {0, 1, 0});
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < photo_.height; ++y)
      for (int x = 0; x < photo_.width; ++x)
        ASSERT_NEAR(grid.at(c, 4 + y, 8 + photo_.width + x), second.at(c, y, x), rounding) << c << y << x;
}

TEST_F(FastStyle, SizesAreAsAskedFor) {
  config_["size"] = {10, 14};
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(viz::shape_text(result("style_0.png")), "3 x 10 x 14");
  config_.erase("size");
  config_["longest_side"] = 7;
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(viz::shape_text(result("style_0.png")), "3 x 7 x 6");
  config_["longest_side"] = 700;
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(viz::shape_text(result("style_0.png")), "3 x 21 x 19");
}

TEST_F(FastStyle, EvenASinglePixelIsPainted) {
  write_png(root_ / "photo.png", viz::make_image(3, 1, 1, 0.5F));
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(viz::shape_text(result("style_0.png")), "3 x 1 x 1");
}

TEST_F(FastStyle, ResultsAreInTheInputsRangeAndOrderOfChannels) {
  write_model(root_ / "model", inverting_network());
  ASSERT_EQ(run().code, 0);
  Image negative = rounded(photo_);
  for (float& value : negative.values) value = 1 - value;
  EXPECT_LE(greatest_difference(result("painted.png"), negative), rounding);
  config_["grid"] = true;  // all its one style
  EXPECT_EQ(run().code, 0);
}

TEST_F(FastStyle, PlansThePhotosSize) {
  const ProgramOutcome outcome = run("--plan");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.output.find("22x20"), std::string::npos) << outcome.output;
}

TEST_F(FastStyle, PaintsAFolderOfPhotosOfDifferentSizes) {
  draw_folder(root_ / "images", 2);
  write_png(root_ / "images/disc/odd.png", photo_);
  std::ofstream(root_ / "images/stripe/0.png") << "no picture";
  config_.erase("image");
  config_["folder"] = "images";
  config_["styles"] = {0, 1};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  for (const char* name : {"disc/0", "disc/1", "stripe/1"})
    EXPECT_EQ(viz::shape_text(result("style_1/" + std::string(name) + ".png")), "3 x 20 x 20");
  EXPECT_LE(greatest_difference(result("style_1/disc/odd.png"), expected(style_network(), rounded(photo_), {0, 1, 0})),
            rounding);
  EXPECT_EQ(results()["painted"], 8);
  EXPECT_EQ(results()["broken"][0]["file"], "stripe/0.png");
  EXPECT_TRUE(fs::exists(root_ / "out/before_and_after.png"));
  expect_verified();
}

TEST_F(FastStyle, AFolderGoesOnAfterAnInterrupt) {
  draw_folder(root_ / "images", enough_to_interrupt);
  std::ofstream(root_ / "images/stripe/0.png") << "no picture";
  config_.erase("image");
  config_.update({{"folder", "images"}, {"styles", {0, 1}}});
  ASSERT_EQ(run().code, 0);
  const auto whole = outputs();
  const Json expected = results();
  config_["out"] = "again";
  const auto interrupt = [&](const std::string& file) {
    std::ofstream(root_ / "config.json") << config_.dump();
    return end_program_at(root_ / "again/.unfinished" / file, root_.path(), "config.json");
  };
  const ProgramOutcome interrupted = interrupt("style_1/disc/0.png");
  EXPECT_EQ(interrupted.code, 143) << interrupted.output;
  EXPECT_NE(interrupted.output.find("--resume goes on"), std::string::npos) << interrupted.output;
  EXPECT_FALSE(fs::exists(root_ / "again/run.json"));
  const auto first = fs::last_write_time(root_ / "again/.unfinished/style_0/disc/0.png");
  const ProgramOutcome resumed = run("--resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(fs::last_write_time(root_ / "again/style_0/disc/0.png"), first);  // not painted again
  EXPECT_EQ(outputs("again"), whole);
  for (const char* key : {"painted", "images", "broken"}) EXPECT_EQ(results("again")[key], expected[key]) << key;
  EXPECT_FALSE(fs::exists(root_ / "again/.unfinished"));
}

TEST_F(FastStyle, AFolderWhosePaintingsWereAlteredBeginsAnewOnlyIfTold) {
  draw_folder(root_ / "images", enough_to_interrupt);
  config_.erase("image");
  config_["folder"] = "images";
  std::ofstream(root_ / "config.json") << config_.dump();
  const fs::path painting = root_ / "out/.unfinished/style_0/disc/0.png";
  ASSERT_EQ(end_program_at(painting, root_.path(), "config.json").code, 143);
  std::ofstream(painting) << "other";
  const ProgramOutcome outcome = run("--resume");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("missing or altered; without --resume the run begins anew"), std::string::npos)
      << outcome.output;
  EXPECT_EQ(run().code, 0);
}

TEST_F(FastStyle, PaintsFilesThatDifferInTheirEndingsAlone) {
  draw_folder(root_ / "images", 1);
  fs::copy_file(root_ / "images/disc/0.png", root_ / "images/disc/0.jpeg");
  config_.erase("image");
  config_["folder"] = "images";
  ASSERT_EQ(run().code, 0);
  EXPECT_TRUE(fs::exists(root_ / "out/style_0/disc/0.png"));
  EXPECT_TRUE(fs::exists(root_ / "out/style_0/disc/0.png.png"));
}

TEST_F(FastStyle, RefusesWhatItCannotPaint) {
  config_["styles"] = {3};
  expect_refused("'styles' must be from 0 to 2 for the network 'test', found 3");
  config_["styles"] = {1, 1};
  expect_refused("'styles' has style 1 twice");
  config_["styles"] = {0, 1};
  config_["weights"] = {1};
  expect_refused("'weights' must be as many as 'styles', 2, found 1");
  config_["weights"] = {1, -1};
  expect_refused("'weights' must have a sum above 0");
  config_.erase("weights");
  config_["longest_side"] = 10;
  config_["size"] = {10, 10};
  expect_refused("'size' and 'longest_side' exclude each other");
  config_.erase("size");
  config_["folder"] = ".";
  config_["video"] = "config.json";
  expect_refused("'folder' and 'video' exclude each other");
  config_.erase("video");
  config_["grid"] = true;
  expect_refused("'grid' shows one photo in all styles");
  config_ = {{"algorithm", "fast_style"}, {"model", "model"}, {"out", "out"}};
  expect_refused("the key 'image' is missing");
}

TEST_F(FastStyle, RefusesANetworkThatDoesNotPaint) {
  write_tiny_model(root_ / "model");
  expect_refused("the network 'tiny' does not make a colour image of one");
}

class FastStyleOfVideo : public FastStyle {
 protected:
  void SetUp() override { make_clip(12); }

  /// So many frames that move, and a tone.
  void make_clip(int frame_count) {
    const ProgramOutcome made =
        run_program(root_.path(),
                    "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=30000/1001 -f lavfi -i "
                    "sine=frequency=440 -frames:v " +
                        std::to_string(frame_count) + " -shortest -c:v mpeg4 -q:v 2 -c:a aac clip.mp4");
    ASSERT_EQ(made.code, 0) << made.output << " (tools/install_dependencies.sh --test installs ffmpeg)";
    config_.erase("image");
    config_["video"] = "clip.mp4";
  }

  static std::vector<Image> frames(const fs::path& file) {
    viz::VideoReader reader(file);
    std::vector<Image> list;
    while (auto frame = reader.next()) list.push_back(std::move(*frame));
    return list;
  }

  static Image means(const Image& frame) { return viz::resize(frame, 3, 4, viz::Filter::bilinear); }

  std::string probed(const std::string& entry, const std::string& stream) const {
    return run_program(root_.path(), "ffprobe -v error -select_streams " + stream + " -show_entries stream=" + entry +
                                         " -of csv=p=0 out/style_1.mp4")
        .output;
  }
};

TEST_F(FastStyleOfVideo, PaintsEveryFrameAndKeepsRateAndSound) {
  config_["styles"] = {1};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  EXPECT_EQ(probed("avg_frame_rate", "v:0"), "30000/1001\n");
  EXPECT_EQ(probed("codec_name", "a:0"), "aac\n");
  EXPECT_EQ(results()["painted"], 12);
  const auto before = frames(root_ / "clip.mp4"), after = frames(root_ / "out/style_1.mp4");
  ASSERT_EQ(before.size(), 12U);
  ASSERT_EQ(after.size(), 12U);
  for (size_t i = 0; i < after.size(); ++i) {
    const Image painting = expected(style_network(), before[i], {0, 1, 0});
    ASSERT_EQ(viz::shape_text(painting), viz::shape_text(after[i]));
    // Compression blurs colours over neighbouring pixels; means over parts of the frame it leaves.
    EXPECT_LE(greatest_difference(means(after[i]), means(painting)), 0.02) << "frame " << i;
  }
  expect_verified();
}

TEST_F(FastStyleOfVideo, GoesOnAfterAnInterrupt) {
  make_clip(230);
  config_["styles"] = {1};
  ASSERT_EQ(run().code, 0);
  const auto whole = outputs();
  EXPECT_EQ(frames(root_ / "out/style_1.mp4").size(), 230U);
  EXPECT_EQ(probed("avg_frame_rate", "v:0"), "30000/1001\n");
  config_["out"] = "again";
  std::ofstream(root_ / "config.json") << config_.dump();
  const fs::path kept = root_ / "again/.unfinished/checkpoint";
  const ProgramOutcome interrupted = end_program_at(kept, root_.path(), "config.json");
  EXPECT_EQ(interrupted.code, 143) << interrupted.output;
  EXPECT_NE(interrupted.output.find("--resume goes on"), std::string::npos) << interrupted.output;
  // What a program had begun to write after the last stretch that it kept.
  std::ofstream(root_ / "again/.unfinished/style_1.h264", std::ios::app) << "half a stretch";
  const ProgramOutcome resumed = run("--resume");
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(outputs("again"), whole);
  EXPECT_EQ(results("again")["painted"], 230);
  EXPECT_FALSE(fs::exists(root_ / "again/style_1.h264"));
}

TEST_F(FastStyleOfVideo, LeavesOutTheLastOfAnOddNumberOfRows) {
  config_["size"] = {33, 45};
  const ProgramOutcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.output;
  const auto after = frames(root_ / "out/style_0.mp4");
  ASSERT_EQ(after.size(), 12U);
  EXPECT_EQ(viz::shape_text(after[0]), "3 x 32 x 44");
}

TEST_F(FastStyleOfVideo, RefusesWhatIsNoVideo) {
  config_["video"] = "config.json";
  expect_refused("config.json: ffmpeg finds no video in it");
  fs::resize_file(root_ / "clip.mp4", fs::file_size(root_ / "clip.mp4") / 2);
  config_["video"] = "clip.mp4";
  expect_refused("clip.mp4: ffmpeg finds no video in it");
  config_["video"] = "none.mp4";
  expect_refused("none.mp4");
}

TEST_F(FastStyleOfVideo, SaysThatFfmpegIsMissing) {
  expect_refused("there is no program 'ffprobe' (Debian: apt install ffmpeg)", "PATH=/nowhere");
}

TEST_F(FastStyleOfVideo, AFailingFfmpegLeavesNothingBehind) {
  const ProgramOutcome outcome = run("",
                                     "mkdir bin; printf '#!/bin/sh\\nexec /usr/bin/env PATH=/usr/bin:/bin ffprobe "
                                     "\"$@\"' > bin/ffprobe; printf '#!/bin/sh\\necho broken >&2; exit 3' > "
                                     "bin/ffmpeg; chmod +x bin/*; PATH=$PWD/bin");
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("clip.mp4: the video cannot be read to its end (broken)"), std::string::npos)
      << outcome.output;
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

}  // namespace
}  // namespace convlens::test
