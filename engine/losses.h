#pragma once

#include <functional>
#include <string>

#include "engine/array.h"

namespace convlens {

/// A term of the objective, attached to one layer's value.
struct Loss {
  std::string layer;
  /// Returns the term and *adds* its gradient; both arrays N x C x H x W.
  std::function<double(const Array& value, Array& gradient)> evaluate;
  bool is_linear = false;  ///< the gradient does not depend on the value
};

/// The sum over the batch of channel `channel` of a layer N x C x 1 x 1: a class score, before softmax.
Loss class_score(std::string layer, int64_t channel);

/// The sum over the batch of one neuron's activation.
Loss neuron(std::string layer, int64_t channel, int64_t y, int64_t x);

/// The sum of value * direction: its gradient with respect to the value is `direction`.
Loss projection(std::string layer, Array direction);

/// The mean over the batch of -log softmax(value)[label], of a layer N x C x 1 x 1 before softmax, one label an image.
/// As torch.nn.functional.cross_entropy. Throws InputError for a label that the layer has no channel for.
Loss cross_entropy(std::string layer, std::vector<int64_t> labels);

}  // namespace convlens
