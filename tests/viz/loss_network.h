#pragma once

#include <filesystem>
#include <fstream>

#include "kernels/base/json.h"
#include "viz/training/training_graph.h"
#include "weights/model_file.h"
#include "weights/model_writer.h"

namespace convlens::test {

/// Two layers of random weights, fed in their own way.
inline Json small_loss_network() {
  return {{"format", "convlens-model"},
          {"version", 1},
          {"name", "eye"},
          {"inputs",
           {{{"name", "image"},
             {"kind", "image"},
             {"shape", {3, 16, 16}},
             {"channel_order", "bgr"},
             {"range", {0, 255}},
             {"mean", {104, 117, 124}},
             {"std", {58, 57, 56}}}}},
          {"layers",
           {{{"name", "conv1"},
             {"op", "conv2d"},
             {"inputs", {"image"}},
             {"params", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}}}},
            {{"name", "relu1"}, {"op", "relu"}, {"inputs", {"conv1"}}},
            {{"name", "pool1"}, {"op", "avg_pool2d"}, {"inputs", {"relu1"}}, {"params", {{"kernel_size", 2}}}},
            {{"name", "conv2"},
             {"op", "conv2d"},
             {"inputs", {"pool1"}},
             {"params", {{"out_channels", 5}, {"kernel_size", 3}, {"padding", 1}}}},
            {{"name", "relu2"}, {"op", "relu"}, {"inputs", {"conv2"}}}}},
          {"output", "relu2"}};
}

inline void write_loss_network(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "architecture.json") << small_loss_network().dump();
  const ModelFiles files = encode_model(*read_architecture(folder / "architecture.json", viz::initial_weights(5)));
  std::ofstream(folder / "model.json") << files.json;
  std::ofstream(folder / "model.bin", std::ios::binary) << files.binary;
}

}  // namespace convlens::test
