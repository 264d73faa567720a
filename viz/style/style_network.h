#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model.h"
#include "engine/session.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// How much of each of a network's styles a picture gets: S numbers.
using StyleShares = std::vector<float>;

/// A network that paints a photo in one sweep (Johnson, Alahi and Fei-Fei 2016): from an image to one of its size, in
/// the input's range and order of channels. One of several styles (Dumoulin, Shlens and Kudlur 2017) has their shares
/// for a second input, a vector.
class StyleNetwork {
 public:
  /// The model must live as long. Throws InputError when it is no such network.
  explicit StyleNetwork(const Model& model);

  const Model& model() const { return model_; }
  int64_t styles() const;  ///< 1 if there is no second input

  /// What paint() wants for photos of that size. Throws InputError when they are too small for the network, or its
  /// result has not their size.
  PlanRequest request(Device device, int height, int width) const;

  /// The photo (three channels) painted, 0..1, by a session of request() for its size; no share is needed for the one
  /// style of a network without a second input. Throws InputError when the network's result is no number.
  Image paint(Session& session, const Image& photo, const StyleShares& shares) const;

 private:
  const Model& model_;
  const InputSpec& image_;
  const InputSpec* shares_ = nullptr;
};

}  // namespace convlens::viz
