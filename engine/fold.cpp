#include "engine/fold.h"

#include <algorithm>
#include <map>

#include "kernels/base/json.h"
#include "kernels/base/params.h"

namespace convlens {
namespace {

std::vector<WeightTensor> copy_weights(const Layer& layer) {
  std::vector<WeightTensor> copies;
  for (const Weight& w : layer.weights) copies.push_back({w.shape, {w.data.get(), w.data.get() + w.shape.elements()}});
  return copies;
}

std::vector<Weight> own_weights(const std::string& layer, std::vector<WeightTensor> tensors) {
  std::vector<Weight> weights;
  for (WeightTensor& tensor : tensors) {
    const auto values = std::make_shared<std::vector<float>>(std::move(tensor.values));
    weights.push_back({layer + " (folded)", tensor.shape, {values, values->data()}});
  }
  return weights;
}

std::shared_ptr<Params> copy_params(const Layer& layer) {
  auto copy = layer.op->new_params();
  read_params(*copy, write_params(*layer.params), layer.name, "params");
  return copy;
}

// The layer that does the work of `producer` and then of `affine`, if `producer` can.
std::optional<Layer> folded(const Layer& producer, const Layer& affine_layer) {
  const auto affine = affine_layer.op->as_channel_affine(*affine_layer.params, copy_weights(affine_layer));
  if (!affine) return std::nullopt;
  Layer result = producer;
  result.name = affine_layer.name;
  result.params = copy_params(producer);
  auto weights = copy_weights(producer);
  if (!producer.op->absorb(*affine, *result.params, weights)) return std::nullopt;
  result.weights = own_weights(result.name, std::move(weights));
  return result;
}

}  // namespace

Model fold_channel_affines(const Model& model, const std::set<std::string>& kept) {
  std::map<std::string, int> readers;
  for (const Layer& layer : model.layers)
    for (const std::string& input : layer.inputs) ++readers[input];

  Model result = model;
  result.layers.clear();
  std::map<std::string, size_t> index;  // of layers already in the result
  for (const Layer& layer : model.layers) {
    const auto producer = layer.inputs.size() == 1 ? index.find(layer.inputs[0]) : index.end();
    if (producer != index.end() && readers[layer.inputs[0]] == 1 && !kept.contains(layer.inputs[0])) {
      if (auto merged = folded(result.layers[producer->second], layer)) {
        index[layer.name] = producer->second;
        result.layers[producer->second] = std::move(*merged);
        index.erase(layer.inputs[0]);
        continue;
      }
    }
    index[layer.name] = result.layers.size();
    result.layers.push_back(layer);
  }
  return result;
}

}  // namespace convlens
