#include "weights/model_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>

#include "kernels/base/error.h"
#include "kernels/base/half.h"
#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "tests/base/temporary_folder.h"

namespace convlens::test {
namespace {

/// A small valid model, to be broken in one place at a time.
class ModelFile : public ::testing::Test {
 protected:
  ModelFile() : binary_(256, std::byte{0}) {
    const float weight[] = {1, -2, 0.5, 4};
    std::memcpy(binary_.data(), weight, sizeof weight);
    const uint16_t bias[] = {0x3c00, 0xc100};  // 1, -2.5
    std::memcpy(binary_.data() + 128, bias, sizeof bias);
    json_ = Json::parse(R"({
      "format": "convlens-model", "version": 1, "name": "tiny",
      "inputs": [{"name": "image", "kind": "image", "shape": [1, 2, 2], "channel_order": "grey", "range": [0, 255],
                  "mean": [127], "std": [128], "resize": "bicubic", "crop": 0.875}],
      "layers": [{"name": "conv", "op": "conv2d", "inputs": ["image"], "params": {"out_channels": 2, "kernel_size": [1, 2]},
                  "weights": {"weight": "w", "bias": "b"}},
                 {"name": "relu", "op": "relu", "inputs": ["conv"]}],
      "output": "relu", "classes": ["cat", "dog"],
      "tensors": {"w": {"shape": [2, 1, 1, 2], "type": "f32", "offset": 0}, "b": {"shape": [2], "type": "f16", "offset": 128}},
      "binary": {"file": "model.bin", "bytes": 256, "sha256": ""}})");
  }

  void write() {
    if (json_["binary"]["sha256"] == "") json_["binary"]["sha256"] = sha256_hex(binary_);
    std::ofstream(folder_.path() / "model.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(binary_.data()), static_cast<std::streamsize>(binary_.size()));
    std::ofstream(folder_.path() / "model.json") << json_.dump(1);
  }

  /// The error, which must begin with the path of one of the two files, without that path.
  std::string error() {
    write();
    try {
      read_model(folder_.path());
    } catch (const InputError& e) {
      const std::string text = e.what(), prefix = folder_.path().string() + "/model.";
      EXPECT_TRUE(text.starts_with(prefix)) << text;
      return text.substr(prefix.size());
    }
    return "no error";
  }

  TemporaryFolder folder_;
  std::vector<std::byte> binary_;
  Json json_;
};

TEST_F(ModelFile, IsReadAsItIsWritten) {
  write();
  const auto model = read_model(folder_.path());
  EXPECT_EQ(model->name, "tiny");
  EXPECT_EQ(model->inputs[0].resize, "bicubic");
  EXPECT_EQ(model->inputs[0].mean, std::vector<double>{127});
  EXPECT_EQ(model->classes[1], "dog");
  ASSERT_EQ(model->layers.size(), 2U);
  const Layer& conv = model->layer("conv");
  EXPECT_EQ(conv.weights[0].data.get()[1], -2.0F);
  EXPECT_EQ(conv.weights[1].data.get()[0], 1.0F);
  EXPECT_EQ(conv.weights[1].data.get()[1], -2.5F);
  EXPECT_EQ(read_model(folder_.path() / "model.json")->name, "tiny");
}

TEST_F(ModelFile, WeightsOutliveTheirModel) {
  write();
  const Weight weight = read_model(folder_.path())->layers[0].weights[0];
  EXPECT_EQ(weight.data.get()[3], 4.0F);
}

TEST_F(ModelFile, MissingFilesAreNamed) {
  EXPECT_THROW(read_model(folder_.path()), InputError);
  write();
  std::filesystem::remove(folder_.path() / "model.bin");
  EXPECT_THROW(read_model(folder_.path()), InputError);
}

TEST_F(ModelFile, ATruncatedBinaryIsRefused) {
  json_["binary"]["sha256"] = sha256_hex(binary_);
  binary_.resize(200);
  EXPECT_NE(error().find("bin: must have 256 bytes ('binary.bytes' of "), std::string::npos);
}

TEST_F(ModelFile, AnAlteredBinaryIsRefused) {
  json_["binary"]["sha256"] = sha256_hex(binary_);
  binary_[1] = std::byte{7};
  EXPECT_NE(error().find("bin: its sha256 must be "), std::string::npos);
}

TEST_F(ModelFile, NumbersThatAreNotFiniteAreRefused) {
  const float nan = std::nanf("");
  std::memcpy(binary_.data() + 8, &nan, 4);
  EXPECT_EQ(error(), "bin: the tensor 'w' must hold finite numbers, found nan at index 2");
}

TEST_F(ModelFile, TextThatIsNoJsonIsRefused) {
  write();
  std::ofstream(folder_.path() / "model.json") << "{\"format\": ";
  EXPECT_THROW(read_model(folder_.path()), InputError);
}

struct Defect {
  std::string name;
  std::function<void(Json&)> make;
  std::string expected;
};

class Defects : public ModelFile, public ::testing::WithParamInterface<Defect> {};

TEST_P(Defects, IsRefusedWithItsKey) {
  GetParam().make(json_);
  const std::string found = error();
  EXPECT_TRUE(found.starts_with("json: ")) << found;
  EXPECT_NE(found.find(GetParam().expected), std::string::npos) << found;
}

const Defect defects[] = {
    {"format", [](Json& j) { j["format"] = "onnx"; }, "'format' must be one of \"convlens-model\", found \"onnx\""},
    {"version", [](Json& j) { j["version"] = 2; }, "'version' must be an integer from 1 to 1, found 2"},
    {"unknown_key", [](Json& j) { j["layres"] = 1; }, "unknown key 'layres'"},
    {"no_output", [](Json& j) { j.erase("output"); }, "the key 'output' is missing"},
    {"no_inputs", [](Json& j) { j.erase("inputs"); }, "the key 'inputs' is missing"},
    {"empty_layers", [](Json& j) { j["layers"] = Json::array(); }, "'layers' must be a list that is not empty"},
    {"layers_no_list", [](Json& j) { j["layers"] = 3; }, "'layers' must be a list"},
    {"layer_no_object", [](Json& j) { j["layers"][0] = 3; }, "'layers[0]' must be an object"},
    {"output_no_layer", [](Json& j) { j["output"] = "rely"; },
     "'output' names \"rely\", which is no layer; the nearest are 'relu'"},
    {"no_such_op", [](Json& j) { j["layers"][1]["op"] = "rleu"; }, "'layers[1].op': there is no operator 'rleu'"},
    {"no_such_input", [](Json& j) { j["layers"][1]["inputs"][0] = "conf"; },
     "'layers[1].inputs[0]': no earlier layer or input is called \"conf\""},
    {"too_many_inputs",
     [](Json& j) {
       j["layers"][1]["inputs"] = {"conv", "conv"};
     },
     "'layers[1].inputs' of relu must have 1 names, found 2"},
    {"duplicate_name", [](Json& j) { j["layers"][1]["name"] = "conv"; },
     "'layers[1].name' is \"conv\", a name that is already taken"},
    {"bad_param", [](Json& j) { j["layers"][0]["params"]["stride"] = 0; },
     "'layers[0].params.stride' must be an integer or [vertical, horizontal] of at least 1, found 0"},
    {"unknown_param", [](Json& j) { j["layers"][0]["params"]["strides"] = 1; },
     "unknown key 'layers[0].params.strides'; the nearest are 'stride'"},
    {"window_too_large", [](Json& j) { j["layers"][0]["params"]["kernel_size"] = 5; },
     "does not fit into an input of 2"},
    {"no_weight", [](Json& j) { j["layers"][0]["weights"].erase("bias"); },
     "the key 'layers[0].weights.bias' is missing"},
    {"extra_weight",
     [](Json& j) {
       j["layers"][1]["weights"] = {{"weight", "w"}};
     },
     "unknown key 'layers[1].weights.weight'"},
    {"unlisted_tensor", [](Json& j) { j["layers"][0]["weights"]["weight"] = "v"; },
     "'layers[0].weights.weight' names the tensor \"v\""},
    {"wrong_shape",
     [](Json& j) {
       j["tensors"]["w"]["shape"] = {1, 2, 1, 2};
     },
     "'tensors.w.shape' must be 2x1x1x2 for layers[0].weights.weight, found 1x2x1x2"},
    {"beyond_end", [](Json& j) { j["tensors"]["w"]["offset"] = 256; }, "'tensors.w' reaches beyond the 256 bytes"},
    {"huge_shape",
     [](Json& j) {
       j["tensors"]["w"]["shape"] = {4000000000, 4000000000, 4000000000, 4000000000};
     },
     "'tensors.w' reaches beyond"},
    {"misaligned", [](Json& j) { j["tensors"]["w"]["offset"] = 4; },
     "'tensors.w.offset' must be a multiple of 64, found 4"},
    {"overlapping", [](Json& j) { j["tensors"]["b"]["offset"] = 0; }, "overlap"},
    {"unknown_type", [](Json& j) { j["tensors"]["w"]["type"] = "f8"; },
     "'tensors.w.type' must be one of \"f32\", \"f16\", found \"f8\""},
    {"negative_offset", [](Json& j) { j["tensors"]["w"]["offset"] = -64; },
     "'tensors.w.offset' must be an integer of at least 0"},
    {"file_elsewhere", [](Json& j) { j["binary"]["file"] = "../model.bin"; },
     "'binary.file' must be the name of a file in the same folder"},
    {"channels", [](Json& j) { j["inputs"][0]["channel_order"] = "rgb"; },
     "'inputs[0].shape' must begin with 3 channels"},
    {"mean",
     [](Json& j) {
       j["inputs"][0]["mean"] = {1, 2};
     },
     "'inputs[0].mean' must have 1 numbers, found 2"},
    {"std", [](Json& j) { j["inputs"][0]["std"] = {0}; }, "'inputs[0].std' must be above 0"},
    {"range",
     [](Json& j) {
       j["inputs"][0]["range"] = {1, 0};
     },
     "'inputs[0].range' must be [low, high], low < high"},
};

INSTANTIATE_TEST_SUITE_P(All, Defects, ::testing::ValuesIn(defects), [](const auto& info) { return info.param.name; });

TEST(Half, EveryValueIsWidenedExactly) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const double sign = bits & 0x8000 ? -1 : 1;
    const float found = half_to_float(static_cast<uint16_t>(bits));
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(found), fraction != 0);
      EXPECT_EQ(std::isinf(found), fraction == 0);
    } else {
      const double magnitude = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
      EXPECT_EQ(found, static_cast<float>(sign * magnitude)) << bits;
    }
  }
}

}  // namespace
}  // namespace convlens::test
