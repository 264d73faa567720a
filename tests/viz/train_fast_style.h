#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "tests/viz/loss_network.h"
#include "tests/viz/program.h"
#include "viz/training/training_graph.h"
#include "weights/model_file.h"

namespace convlens::test {

inline Json small_transform(int styles) {
  const Json norm = styles == 1 ? Json{{"name", "norm"}, {"op", "instance_norm"}, {"inputs", {"conv1"}}}
                                : Json{{"name", "norm"},
                                       {"op", "conditional_instance_norm"},
                                       {"inputs", {"conv1", "style"}},
                                       {"params", {{"styles", styles}}}};
  Json json{
      {"format", "convlens-model"},
      {"version", 1},
      {"name", "painter"},
      {"inputs", {{{"name", "image"}, {"kind", "image"}, {"shape", {3, 16, 16}}}}},
      {"layers",
       {{{"name", "pad"}, {"op", "pad"}, {"inputs", {"image"}}, {"params", {{"padding", 1}, {"mode", "reflect"}}}},
        {{"name", "conv1"},
         {"op", "conv2d"},
         {"inputs", {"pad"}},
         {"params", {{"out_channels", 6}, {"kernel_size", 3}, {"bias", false}}}},
        norm,
        {{"name", "relu"}, {"op", "relu"}, {"inputs", {"norm"}}},
        {{"name", "conv2"},
         {"op", "conv2d"},
         {"inputs", {"relu"}},
         {"params", {{"out_channels", 3}, {"kernel_size", 1}}}},
        {{"name", "picture"}, {"op", "sigmoid"}, {"inputs", {"conv2"}}}}},
      {"output", "picture"}};
  if (styles > 1) json["inputs"].push_back({{"name", "style"}, {"kind", "vector"}, {"shape", {styles, 1, 1}}});
  return json;
}

/// `viz_run train_fast_style` of a few small layers in a folder of its own.
class TrainFastStyle : public ::testing::Test {
 protected:
  TrainFastStyle() {
    draw_folder(root_ / "content", 4);
    draw_folder(root_ / "unseen", 1);
    write_png(root_ / "stripes.png", drawn("stripe", 1));
    write_png(root_ / "disc.png", drawn("disc", 2));
    write_loss_network(root_ / "eye");
    config_ = {{"model", "architecture.json"},
               {"loss_network", "eye"},
               {"content", "content"},
               {"validation", "unseen"},
               {"styles", {"stripes.png"}},
               {"out", "out"},
               {"optimizer", {{"name", "adam"}, {"lr", 0.02}}},
               {"style_layers", {"relu1", "relu2"}},
               {"content_layers", {"relu2"}},
               {"variation_weight", 0.01},
               {"size", 16},
               {"style_size", 16},
               {"batch", 3},
               {"steps", 40},
               {"preview_steps", 15},
               {"checkpoint_steps", 7},
               {"flip", true},
               {"threads", 1}};
  }

  std::shared_ptr<const Model> architecture(const std::string& file, const Json& json, int64_t seed) const {
    std::ofstream(root_ / file) << json.dump();
    return read_architecture(root_ / file, viz::initial_weights(seed));
  }

  void write_configuration() const {
    Json transform = small_transform(networks_styles_);
    transform["inputs"][0]["range"] = range_;
    std::ofstream(root_ / "architecture.json") << transform.dump();
    std::ofstream(root_ / "config.json") << config_.dump();
  }

  ProgramOutcome train(const std::string& arguments, const std::string& by = "") const {
    write_configuration();
    return run_program(root_.path(), by + "\"$VIZ_RUN\" train_fast_style config.json --quiet " + arguments);
  }

  Json record(const std::string& folder) const { return Json::parse(bytes_of(root_ / folder / "run.json")); }

  void expect_refused(const std::string& part) const {
    const ProgramOutcome outcome = train("");
    EXPECT_EQ(outcome.code, 2) << outcome.output;
    EXPECT_NE(outcome.output.find(part), std::string::npos) << outcome.output;
    EXPECT_FALSE(std::filesystem::exists(root_ / "out/model"));
  }

  TemporaryFolder root_;
  Json config_;
  int networks_styles_ = 1;
  Json range_{0, 1};
};

}  // namespace convlens::test
