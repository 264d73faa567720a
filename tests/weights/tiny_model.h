#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "kernels/base/json.h"
#include "kernels/base/sha256.h"

namespace convlens::test {

/// Writes a classifier of 16 x 16 RGB images into four classes: conv 3x3 (8) - relu - max pool - conv 3x3 (16) - relu -
/// global mean - linear. Its weights are a fixed sine sequence.
inline void write_tiny_model(const std::filesystem::path& folder) {
  const std::vector<std::pair<std::string, std::vector<int64_t>>> shapes{
      {"conv1.weight", {8, 3, 3, 3}}, {"conv1.bias", {8}},    {"conv2.weight", {16, 8, 3, 3}},
      {"conv2.bias", {16}},           {"fc.weight", {4, 16}}, {"fc.bias", {4}}};
  Json tensors = Json::object();
  std::vector<std::byte> binary;
  double phase = 0;
  for (const auto& [name, shape] : shapes) {
    binary.resize((binary.size() + 63) / 64 * 64);
    tensors[name] = {{"shape", shape}, {"type", "f32"}, {"offset", binary.size()}};
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    for (int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<float>(0.5 * std::sin(phase += 1.7));
      const auto* bytes = reinterpret_cast<const std::byte*>(&value);
      binary.insert(binary.end(), bytes, bytes + sizeof value);
    }
  }
  const auto layer = [](const char* name, const char* op, const char* input, Json params, bool weighted) {
    Json json{{"name", name}, {"op", op}, {"inputs", {input}}, {"params", std::move(params)}};
    if (weighted) json["weights"] = {{"weight", std::string(name) + ".weight"}, {"bias", std::string(name) + ".bias"}};
    return json;
  };
  const Json model{{"format", "convlens-model"},
                   {"version", 1},
                   {"name", "tiny"},
                   {"inputs",
                    {{{"name", "image"},
                      {"kind", "image"},
                      {"shape", {3, 16, 16}},
                      {"channel_order", "rgb"},
                      {"range", {0, 1}},
                      {"mean", {0.5, 0.5, 0.5}},
                      {"std", {0.25, 0.25, 0.25}},
                      {"resize", "bilinear"},
                      {"crop", 1}}}},
                   {"layers",
                    {layer("conv1", "conv2d", "image", {{"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}}, true),
                     layer("relu1", "relu", "conv1", Json::object(), false),
                     layer("pool", "max_pool2d", "relu1", {{"kernel_size", 2}}, false),
                     layer("conv2", "conv2d", "pool", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}}, true),
                     layer("relu2", "relu", "conv2", Json::object(), false),
                     layer("mean", "adaptive_avg_pool2d", "relu2", Json::object(), false),
                     layer("fc", "linear", "mean", {{"out_features", 4}}, true)}},
                   {"output", "fc"},
                   {"classes", {"circle", "square", "triangle", "cross"}},
                   {"tensors", tensors},
                   {"binary", {{"file", "model.bin"}, {"bytes", binary.size()}, {"sha256", sha256_hex(binary)}}}};
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "model.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(binary.data()), static_cast<std::streamsize>(binary.size()));
  std::ofstream(folder / "model.json") << model.dump(1);
}

}  // namespace convlens::test
