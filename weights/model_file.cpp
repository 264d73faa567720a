#include "weights/model_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "engine/mapped_file.h"
#include "kernels/base/error.h"
#include "kernels/base/half.h"
#include "kernels/base/json.h"
#include "kernels/base/names.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"
#include "kernels/base/sha256.h"

namespace convlens {
namespace {

static_assert(std::endian::native == std::endian::little, "model.bin is mapped, and its numbers are little-endian");

/// The objects of model.json, each described once: names, types and limits of its keys.
struct InputKeys final : Params {
  InputSpec::Kind kind = InputSpec::Kind::image;
  std::string name, channel_order = "rgb", resize = "bilinear";
  std::vector<int64_t> shape;
  std::vector<double> range{0, 1}, mean, std;
  double crop = 1;

  void describe(ParamVisitor& v) override {
    v.field({.name = "name", .doc = "by which layers refer to the input", .required = true}, name);
    v.choice<InputSpec::Kind>({.name = "kind", .doc = "how it is fed", .required = true}, kind,
                              {{"image", InputSpec::Kind::image}, {"vector", InputSpec::Kind::vector}});
    v.field({.name = "shape", .doc = "[channels, height, width]", .required = true, .min = 1, .max = 1 << 20}, shape);
    v.choice({.name = "channel_order", .doc = "of an image"}, channel_order, {"rgb", "bgr", "grey"});
    v.field({.name = "range", .doc = "black and white"}, range);
    v.field({.name = "mean", .doc = "subtracted from each channel"}, mean);
    v.field({.name = "std", .doc = "by which each channel is then divided"}, std);
    v.choice({.name = "resize", .doc = "filter"}, resize, {"bilinear", "bicubic"});
    v.field({.name = "crop", .doc = "part of the photo's shorter edge that is seen", .min = 0.01, .max = 1}, crop);
  }
};

struct LayerKeys final : Params {
  std::string name, op;
  std::vector<std::string> inputs;

  void describe(ParamVisitor& v) override {
    v.field({.name = "name", .doc = "of the layer", .required = true}, name);
    v.field({.name = "op", .doc = "the operator", .required = true}, op);
    v.field({.name = "inputs", .doc = "names of earlier layers or of inputs", .required = true}, inputs);
  }
};

struct TensorKeys final : Params {
  std::vector<int64_t> shape;
  std::string type;
  int64_t offset = 0;

  void describe(ParamVisitor& v) override {
    v.field({.name = "shape", .doc = "extents", .required = true, .min = 1, .max = double(1LL << 32)}, shape);
    v.choice({.name = "type", .doc = "of the numbers", .required = true}, type, {"f32", "f16"});
    v.field({.name = "offset", .doc = "in bytes", .required = true, .min = 0}, offset);
  }
};

struct BinaryKeys final : Params {
  std::string file, sha256;
  int64_t bytes = 0;

  void describe(ParamVisitor& v) override {
    v.field({.name = "file", .doc = "name of the binary file", .required = true}, file);
    v.field({.name = "bytes", .doc = "its size", .required = true, .min = 0}, bytes);
    v.field({.name = "sha256", .doc = "its hash", .required = true}, sha256);
  }
};

struct ModelKeys final : Params {
  std::string format, name, description, source, license, output;
  std::vector<std::string> classes;
  int64_t version = 0;

  void describe(ParamVisitor& v) override {
    v.choice({.name = "format", .doc = "\"convlens-model\"", .required = true}, format, {"convlens-model"});
    v.field({.name = "version", .doc = "of the format", .required = true, .min = 1, .max = 1}, version);
    v.field({.name = "name", .doc = "of the model", .required = true}, name);
    v.field({.name = "description", .doc = "for people"}, description);
    v.field({.name = "source", .doc = "for people"}, source);
    v.field({.name = "license", .doc = "for people"}, license);
    v.field({.name = "output", .doc = "the layer that is the network's result", .required = true}, output);
    v.field({.name = "classes", .doc = "names of the output's channels"}, classes);
  }
};

/// A part of model.json: knows the file and its own path, for messages.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : json_path_(std::filesystem::is_directory(path) ? path / "model.json" : path), file_(json_path_.string()) {}

  std::shared_ptr<const Model> read() {
    parse();
    read_header();
    read_inputs();
    map_binary();
    read_tensors();
    read_layers();
    check_output();
    return model_;
  }

  std::shared_ptr<const Model> read_architecture(InitialWeights initial) {
    initial_ = std::move(initial);
    parse();
    read_header();
    read_inputs();
    read_layers();
    check_output();
    return model_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(file_ + ": " + what); }

  void parse() {
    std::ifstream stream(json_path_);
    if (!stream) fail("there is no such file, or it cannot be read");
    try {
      root_ = Json::parse(stream);
    } catch (const Json::exception& error) {
      fail(std::string("is not valid JSON (") + error.what() + ")");
    }
    if (!root_.is_object()) fail("must hold a JSON object");
  }

  const Json& part(const char* key, Json::value_t type, const char* type_name) const {
    const auto it = root_.find(key);
    if (it == root_.end()) fail(std::string("the key '") + key + "' is missing");
    if (it->type() != type || it->empty())
      fail(std::string("'") + key + "' must be " + type_name + " that is not empty");
    return *it;
  }

  void read_header() {
    ModelKeys keys;
    Json scalars = root_;
    for (const char* key : {"inputs", "layers", "tensors", "binary"}) scalars.erase(key);
    read_params(keys, scalars, file_, "");
    model_->name = keys.name;
    model_->description = keys.description;
    model_->source = keys.source;
    model_->license = keys.license;
    model_->output = keys.output;
    model_->classes = keys.classes;
  }

  void read_inputs() {
    const Json& list = part("inputs", Json::value_t::array, "a list");
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = "inputs[" + std::to_string(i) + "]";
      InputKeys keys;
      read_params(keys, list[i], file_, path);
      check_input(keys, path);
      model_->inputs.push_back({.name = keys.name,
                                .kind = keys.kind,
                                .shape = {1, keys.shape[0], keys.shape[1], keys.shape[2]},
                                .channel_order = keys.channel_order,
                                .range = {keys.range[0], keys.range[1]},
                                .mean = keys.mean,
                                .std = keys.std,
                                .resize = keys.resize,
                                .crop = keys.crop});
      add_name(keys.name, path);
    }
  }

  void check_input(InputKeys& keys, const std::string& path) const {
    if (keys.shape.size() != 3)
      fail("'" + path + ".shape' must be [channels, height, width], found " + std::to_string(keys.shape.size()) +
           " numbers");
    if (keys.kind == InputSpec::Kind::vector) return;
    const size_t channels = keys.channel_order == "grey" ? 1 : 3;
    if (keys.shape[0] != static_cast<int64_t>(channels))
      fail("'" + path + ".shape' must begin with " + std::to_string(channels) + " channels for channel_order \"" +
           keys.channel_order + "\", found " + std::to_string(keys.shape[0]));
    if (keys.range.size() != 2 || !(keys.range[0] < keys.range[1]))
      fail("'" + path + ".range' must be [low, high], low < high");
    if (keys.mean.empty()) keys.mean.assign(channels, 0);
    if (keys.std.empty()) keys.std.assign(channels, 1);
    for (const auto* list : {&keys.mean, &keys.std})
      if (list->size() != channels)
        fail("'" + path + (list == &keys.mean ? ".mean" : ".std") + "' must have " + std::to_string(channels) +
             " numbers, found " + std::to_string(list->size()));
    if (std::ranges::any_of(keys.std, [](double s) { return !(s > 0); })) fail("'" + path + ".std' must be above 0");
  }

  void add_name(const std::string& name, const std::string& path) {
    if (name.empty()) fail("'" + path + ".name' is empty");
    if (!names_.insert(name).second) fail("'" + path + ".name' is \"" + name + "\", a name that is already taken");
  }

  void map_binary() {
    BinaryKeys keys;
    read_params(keys, part("binary", Json::value_t::object, "an object"), file_, "binary");
    if (std::filesystem::path(keys.file).has_parent_path() || keys.file.empty())
      fail("'binary.file' must be the name of a file in the same folder, found \"" + keys.file + "\"");
    binary_path_ = json_path_.parent_path() / keys.file;
    binary_ = std::make_shared<MappedFile>(binary_path_);
    const auto size = static_cast<int64_t>(binary_->bytes().size());
    if (size != keys.bytes)
      throw InputError(binary_path_.string() + ": must have " + std::to_string(keys.bytes) +
                       " bytes ('binary.bytes' of " + file_ + "), found " + std::to_string(size));
    const std::string hash = sha256_hex(binary_->bytes());
    if (hash != keys.sha256)
      throw InputError(binary_path_.string() + ": its sha256 must be " + keys.sha256 + " ('binary.sha256' of " + file_ +
                       "), found " + hash);
    model_->sha256 = hash;
    model_->file = binary_;
  }

  void read_tensors() {
    struct Extent {
      int64_t begin, end;
      std::string name;
    };
    std::vector<Extent> extents;
    if (!root_.contains("tensors") || !root_["tensors"].is_object()) fail("'tensors' must be an object");
    for (const auto& [name, json] : root_["tensors"].items()) {
      const std::string path = "tensors." + name;
      TensorKeys keys;
      read_params(keys, json, file_, path);
      if (keys.shape.empty() || keys.shape.size() > 4) fail("'" + path + ".shape' must have 1 to 4 extents");
      const int64_t size = static_cast<int64_t>(binary_->bytes().size());
      int64_t bytes = keys.type == "f32" ? 4 : 2;
      for (const int64_t extent : keys.shape) {
        if (extent > size / bytes + 1)
          bytes = size + 1;  // more than the file holds; the product might overflow
        else
          bytes *= extent;
      }
      if (keys.offset % 64 != 0)
        fail("'" + path + ".offset' must be a multiple of 64, found " + std::to_string(keys.offset));
      if (keys.offset > size || bytes > size - keys.offset)
        fail("'" + path + "' reaches beyond the " + std::to_string(size) + " bytes of " + binary_path_.string());
      extents.push_back({keys.offset, keys.offset + bytes, name});
      weights_[name] = load_tensor(name, keys);
    }
    std::ranges::sort(extents, {}, &Extent::begin);
    for (size_t i = 1; i < extents.size(); ++i)
      if (extents[i].begin < extents[i - 1].end)
        fail("the tensors '" + extents[i - 1].name + "' and '" + extents[i].name + "' overlap");
  }

  Weight load_tensor(const std::string& name, const TensorKeys& keys) const {
    Weight weight{name, Shape(std::span<const int64_t>(keys.shape)), nullptr};
    const std::byte* data = binary_->bytes().data() + keys.offset;
    const int64_t count = weight.shape.elements();
    if (keys.type == "f32") {
      weight.data = {binary_, reinterpret_cast<const float*>(data)};
    } else {
      const auto* halves = reinterpret_cast<const uint16_t*>(data);
      const auto values = std::make_shared<std::vector<float>>(static_cast<size_t>(count));
      std::transform(halves, halves + count, values->begin(), half_to_float);
      weight.data = {values, values->data()};
    }
    check_finite(weight);
    return weight;
  }

  void check_finite(const Weight& weight) const {
    const float* values = weight.data.get();
    // A product with zero is zero unless the number is infinite or NaN: one sum finds whether there is any.
    float sum = 0;
    const int64_t count = weight.shape.elements();
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += values[i] * 0.0F;
    if (sum == 0) return;
    const auto bad = std::find_if(values, values + count, [](float v) { return !std::isfinite(v); });
    throw InputError(binary_path_.string() + ": the tensor '" + weight.name + "' must hold finite numbers, found " +
                     std::to_string(*bad) + " at index " + std::to_string(bad - values));
  }

  void read_layers() {
    const Json& list = part("layers", Json::value_t::array, "a list");
    std::map<std::string, Shape> shapes;
    for (const InputSpec& input : model_->inputs) shapes[input.name] = input.shape;
    for (size_t i = 0; i < list.size(); ++i) read_layer(list[i], "layers[" + std::to_string(i) + "]", shapes);
  }

  void read_layer(const Json& json, const std::string& path, std::map<std::string, Shape>& shapes) {
    if (!json.is_object()) fail("'" + path + "' must be an object");
    LayerKeys keys;
    Json scalars = json;
    for (const char* key : {"params", "weights"}) scalars.erase(key);
    read_params(keys, scalars, file_, path);
    Layer layer{.name = keys.name, .inputs = keys.inputs};
    try {
      layer.op = &operator_by_name(keys.op);
    } catch (const InputError& error) {
      fail("'" + path + ".op': " + error.what());
    }
    layer.params = layer.op->new_params();
    read_params(*layer.params, json.value("params", Json::object()), file_, path + ".params");
    const std::vector<Shape> inputs = input_shapes(layer, path, shapes);
    try {
      shapes[layer.name] = layer.op->infer(*layer.params, inputs);
      read_layer_weights(layer, json.value("weights", Json::object()), path, inputs);
    } catch (const InputError& error) {
      const std::string message = error.what();
      if (message.starts_with(file_)) throw;
      fail("'" + path + "' (\"" + layer.name + "\"): " + message);
    }
    add_name(layer.name, path);
    model_->layers.push_back(std::move(layer));
  }

  std::vector<Shape> input_shapes(const Layer& layer, const std::string& path,
                                  const std::map<std::string, Shape>& shapes) const {
    const Arity arity = layer.op->arity();
    if (layer.inputs.size() < arity.min || layer.inputs.size() > arity.max)
      fail("'" + path + ".inputs' of " + layer.op->name() + " must have " + std::to_string(arity.min) +
           (arity.max == arity.min ? "" : " or more") + " names, found " + std::to_string(layer.inputs.size()));
    std::vector<Shape> list;
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      const auto it = shapes.find(layer.inputs[i]);
      if (it == shapes.end())
        fail("'" + path + ".inputs[" + std::to_string(i) + "]': no earlier layer or input is called \"" +
             layer.inputs[i] + "\"" + did_you_mean(layer.inputs[i], std::vector(names_.begin(), names_.end())));
      list.push_back(it->second);
    }
    return list;
  }

  void read_layer_weights(Layer& layer, const Json& json, const std::string& path, const std::vector<Shape>& inputs) {
    if (!json.is_object()) fail("'" + path + ".weights' must be an object");
    if (initial_) return make_layer_weights(layer, json, path, inputs);
    std::set<std::string> roles;
    for (const WeightSpec& spec : layer.op->weights(*layer.params, inputs)) {
      roles.insert(spec.role);
      const std::string key = path + ".weights." + spec.role;
      if (!json.contains(spec.role)) fail("the key '" + key + "' is missing");
      if (!json[spec.role].is_string()) fail("'" + key + "' must be the name of a tensor");
      const std::string tensor = json[spec.role];
      const auto it = weights_.find(tensor);
      if (it == weights_.end())
        fail("'" + key + "' names the tensor \"" + tensor + "\", which 'tensors' does not list");
      if (it->second.shape != spec.shape)
        fail("'tensors." + tensor + ".shape' must be " + spec.shape.to_string() + " for " + key + ", found " +
             it->second.shape.to_string());
      layer.weights.push_back(it->second);
    }
    for (const auto& [role, tensor] : json.items())
      if (!roles.contains(role))
        fail("unknown key '" + path + ".weights." + role + "': " + layer.op->name() + " has no such weights");
  }

  void make_layer_weights(Layer& layer, const Json& json, const std::string& path, const std::vector<Shape>& inputs) {
    if (!json.empty()) fail("'" + path + ".weights' is not for an architecture, whose weights are yet to be trained");
    for (const WeightSpec& spec : layer.op->weights(*layer.params, inputs)) {
      const auto values = std::make_shared<std::vector<float>>(initial_(*layer.op, spec));
      layer.weights.push_back({layer.name + "." + spec.role, spec.shape, {values, values->data()}});
    }
  }

  void check_output() const {
    if (!names_.contains(model_->output))
      fail("'output' names \"" + model_->output + "\", which is no layer" +
           did_you_mean(model_->output, std::vector(names_.begin(), names_.end())));
  }

  InitialWeights initial_;
  std::filesystem::path json_path_, binary_path_;
  std::string file_;
  Json root_;
  std::shared_ptr<MappedFile> binary_;
  std::map<std::string, Weight> weights_;
  std::set<std::string> names_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
};

}  // namespace

std::shared_ptr<const Model> read_model(const std::filesystem::path& path) { return Reader(path).read(); }

std::shared_ptr<const Model> read_architecture(const std::filesystem::path& path, InitialWeights initial) {
  return Reader(path).read_architecture(std::move(initial));
}

}  // namespace convlens
