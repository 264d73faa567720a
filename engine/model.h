#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernels/base/operator.h"

namespace convlens {

class MappedFile;

/// What a network is fed with; docs/format.md says what each member means.
struct InputSpec {
  enum class Kind { image, vector };

  std::string name;
  Kind kind = Kind::image;
  Shape shape;  ///< 1 x C x H x W
  std::string channel_order = "rgb";
  std::array<double, 2> range{0, 1};
  std::vector<double> mean, std;
  std::string resize = "bilinear";
  double crop = 1;
};

/// A tensor of weights, f32 in C order: a part of a mapped file, or memory of its own.
struct Weight {
  std::string name;
  Shape shape;
  std::shared_ptr<const float> data;
};

struct Layer {
  std::string name;
  const Operator* op = nullptr;
  std::shared_ptr<Params> params;
  std::vector<std::string> inputs;  ///< names of earlier layers or of inputs
  std::vector<Weight> weights;      ///< in the order of Operator::weights
};

/// A network: a graph of layers with their weights, and how to feed it.
struct Model {
  std::string name, description, source, license;
  std::vector<InputSpec> inputs;
  std::vector<Layer> layers;  ///< in an order in which they can be computed
  std::string output;
  std::vector<std::string> classes;
  std::string sha256;                      ///< of the weights' file
  std::shared_ptr<const MappedFile> file;  ///< of which weights are parts, if any

  const Layer* find_layer(const std::string& layer) const;  ///< nullptr when there is none
  const Layer& layer(const std::string& layer) const;       ///< throws InputError with the nearest names
  const InputSpec* find_input(const std::string& input) const;
  const InputSpec& image_input() const;  ///< the first input of kind image; throws InputError
  std::vector<std::string> layer_names() const;
};

/// These layers and all on which they depend, inputs included.
std::set<std::string> with_ancestors(const Model& model, std::set<std::string> layers);

}  // namespace convlens
