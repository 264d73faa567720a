#include "weights/model_writer.h"

#include <map>
#include <span>

#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "kernels/base/sha256.h"

namespace convlens {
namespace {

Json input_json(const InputSpec& input) {
  Json json{{"name", input.name},
            {"kind", input.kind == InputSpec::Kind::image ? "image" : "vector"},
            {"shape", {input.shape.c(), input.shape.h(), input.shape.w()}}};
  if (input.kind == InputSpec::Kind::vector) return json;
  json["channel_order"] = input.channel_order;
  json["range"] = input.range;
  json["mean"] = input.mean;
  json["std"] = input.std;
  json["resize"] = input.resize;
  json["crop"] = input.crop;
  return json;
}

// Appends the tensor to the binary, and says where.
Json tensor_json(const Weight& weight, std::string& binary) {
  binary.resize((binary.size() + 63) / 64 * 64);
  std::vector<int64_t> extents;
  for (int i = 0; i < weight.shape.rank(); ++i) extents.push_back(weight.shape[i]);
  Json json{{"shape", extents}, {"type", "f32"}, {"offset", binary.size()}};
  const auto bytes = static_cast<size_t>(weight.shape.elements()) * sizeof(float);
  binary.append(reinterpret_cast<const char*>(weight.data.get()), bytes);
  return json;
}

std::vector<std::string> roles(const Layer& layer, const std::map<std::string, Shape>& shapes) {
  std::vector<Shape> inputs;
  for (const std::string& input : layer.inputs) inputs.push_back(shapes.at(input));
  std::vector<std::string> list;
  for (const WeightSpec& spec : layer.op->weights(*layer.params, inputs)) list.push_back(spec.role);
  return list;
}

Shape output_shape(const Layer& layer, const std::map<std::string, Shape>& shapes) {
  std::vector<Shape> inputs;
  for (const std::string& input : layer.inputs) inputs.push_back(shapes.at(input));
  return layer.op->infer(*layer.params, inputs);
}

}  // namespace

ModelFiles encode_model(const Model& model) {
  ModelFiles files;
  Json json{
      {"format", "convlens-model"}, {"version", 1},           {"name", model.name},       {"inputs", Json::array()},
      {"layers", Json::array()},    {"output", model.output}, {"tensors", Json::object()}};
  if (!model.description.empty()) json["description"] = model.description;
  if (!model.source.empty()) json["source"] = model.source;
  if (!model.license.empty()) json["license"] = model.license;
  if (!model.classes.empty()) json["classes"] = model.classes;
  std::map<std::string, Shape> shapes;
  for (const InputSpec& input : model.inputs) {
    shapes[input.name] = input.shape;
    json["inputs"].push_back(input_json(input));
  }
  for (const Layer& layer : model.layers) {
    Json entry{{"name", layer.name}, {"op", layer.op->name()}, {"inputs", layer.inputs}};
    const Json params = write_params(*layer.params);
    if (!params.empty()) entry["params"] = params;
    const auto names = roles(layer, shapes);
    for (size_t i = 0; i < layer.weights.size(); ++i) {
      const Weight& weight = layer.weights[i];
      entry["weights"][names[i]] = weight.name;
      if (!json["tensors"].contains(weight.name)) json["tensors"][weight.name] = tensor_json(weight, files.binary);
    }
    shapes[layer.name] = output_shape(layer, shapes);
    json["layers"].push_back(entry);
  }
  const auto bytes = std::as_bytes(std::span(files.binary));
  json["binary"] = {{"file", "model.bin"}, {"bytes", bytes.size()}, {"sha256", sha256_hex(bytes)}};
  files.json = json.dump(1) + "\n";
  return files;
}

}  // namespace convlens
