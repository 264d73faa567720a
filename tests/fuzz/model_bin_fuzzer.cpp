// Any bytes as a model.bin: the first eight say where its two tensors lie and how long they are, the rest is the file,
// whose size and hash model.json states truly.

#include <cstring>

#include "kernels/base/json.h"
#include "kernels/base/sha256.h"
#include "tests/fuzz/harness.h"
#include "weights/model_file.h"

namespace {

using convlens::Json;

struct Header {
  uint16_t f32_offset, f32_length, f16_offset, f16_length;
};

Json tensor(const char* type, uint16_t offset, uint16_t length) {
  return {{"shape", {1, 1, 1, length}}, {"type", type}, {"offset", int64_t{offset} * 16}};
}

Json convolution(const char* name, const char* input, const char* weight, uint16_t length) {
  return {{"name", name},
          {"op", "conv2d"},
          {"inputs", {input}},
          {"params", {{"out_channels", 1}, {"kernel_size", {1, length}}, {"bias", false}}},
          {"weights", {{"weight", weight}}}};
}

Json model_json(const Header& header, std::span<const uint8_t> binary) {
  return {{"format", "convlens-model"},
          {"version", 1},
          {"name", "fuzzed"},
          {"inputs", {{{"name", "vector"}, {"kind", "vector"}, {"shape", {1, 1, 1 << 18}}}}},
          {"layers",
           {convolution("a", "vector", "f32", header.f32_length), convolution("b", "a", "f16", header.f16_length)}},
          {"output", "b"},
          {"tensors",
           {{"f32", tensor("f32", header.f32_offset, header.f32_length)},
            {"f16", tensor("f16", header.f16_offset, header.f16_length)}}},
          {"binary",
           {{"file", "model.bin"}, {"bytes", binary.size()}, {"sha256", convlens::sha256_hex(std::as_bytes(binary))}}}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace convlens;
  Header header;
  if (size < sizeof header) return 0;
  std::memcpy(&header, data, sizeof header);
  const std::span binary(data + sizeof header, size - sizeof header);
  fuzz::write(fuzz::scratch_folder() / "model.bin", binary);
  fuzz::write(fuzz::scratch_folder() / "model.json", model_json(header, binary).dump());
  fuzz::accept_or_refuse([] {
    const auto model = read_model(fuzz::scratch_folder());
    volatile float sum = 0;
    for (const Layer& layer : model->layers)
      for (const Weight& weight : layer.weights)
        for (int64_t i = 0; i < weight.shape.elements(); ++i) sum = sum + weight.data.get()[i];
  });
  return 0;
}
