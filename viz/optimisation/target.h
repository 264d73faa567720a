#pragma once

#include <string>
#include <vector>

#include "engine/losses.h"
#include "engine/model.h"
#include "kernels/base/params.h"

namespace convlens::viz {

/// What an image shall excite, for each image of a batch alike.
struct Target {
  std::string description;
  Loss loss;                     ///< to be made large: the sum over the batch; of batches of any size
  std::vector<int64_t> classes;  ///< whose probabilities tell of success; none for a neuron, channel or layer

  /// The loss of image `n` of the layer's value alone.
  double of_image(const Array& value, int64_t n) const;
};

/// Keys that name a target:
///   a class           its score before softmax (Simonyan, Vedaldi and Zisserman 2014)
///   classes           the weighted sum of their scores
///   a neuron          its activation; without a position the mean of its channel, without a channel the mean square of
///                     the layer's activations (Mordvintsev, Olah and Tyka 2015)
struct TargetKeys final : Params {
  NumberOrName one_class = "";
  std::vector<std::string> classes;
  std::vector<double> class_weights;
  std::string layer;
  int64_t channel = -1;
  std::vector<int64_t> position;

  void describe(ParamVisitor& v) override;

  /// `image`: the network's input, 1 x C x H x W. Throws InputError for what the model does not have.
  Target target(const Model& model, const Shape& image) const;
};

}  // namespace convlens::viz
