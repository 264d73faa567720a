#pragma once

#include <map>
#include <string>

#include "engine/array.h"
#include "engine/session.h"
#include "viz/io/image.h"
#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

// Regions of a picture in its features (Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer", 2017,
// section 4.1): a Gram matrix of features times a guidance channel is that of the region alone.

/// The guidance channel of a layer's map, 1 x 1 x height x width: the grey mask shrunk to it and scaled until the mean
/// of its squares is 1. So the Gram matrix is a mean over the region, whatever its size, and a white mask changes
/// nothing. A mask that is black everywhere has none.
Array guidance_channel(const Image& mask, int64_t height, int64_t width);

/// The guidance channels of a network: inputs beside the picture.
class Guides {
 public:
  /// Puts a layer behind `layer`, whose map is C x H x W: its features times the channel, 1 x 1 x H x W. `name` is the
  /// new layer's, which is returned.
  std::string add(GraphBuilder& graph, const std::string& name, const std::string& layer, const Array& channel);

  /// Once a session: it keeps them.
  void set_in(Session& session) const;

 private:
  std::map<std::string, Array> channels_;  // by input
};

}  // namespace convlens::viz
