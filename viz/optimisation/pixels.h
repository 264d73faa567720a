#pragma once

#include "engine/array.h"
#include "viz/io/image.h"
#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

// Images are optimised as pixels: N x C x H x W in the network's channel order and range (0..1 or 0..255), before its
// mean and standard deviation. There the limits of all channels are the same, and updates can clip to them.

Array to_pixels(const Image& image, const InputSpec& input);
Image from_pixels(const Array& pixels, const InputSpec& input, int64_t batch_index = 0);  ///< 0..1, not clipped

/// One grey level of 8 bits in this range.
double grey_level(const InputSpec& input);

/// The standard deviation by which pixels are divided, in the range's unit: the mean over the channels.
double mean_std(const InputSpec& input);

/// How pixels lie: as the input does, but for mean and standard deviation.
InputSpec without_normalisation(InputSpec input);

/// Adds a 1 x 1 convolution that makes pictures such as `to` describes of those that `from` does: range, mean, standard
/// deviation, order of channels. Throws InputError where one has colours and the other is grey.
std::string add_conversion(GraphBuilder& graph, const std::string& name, const std::string& picture,
                           const InputSpec& from, const InputSpec& to);

/// Adds the step from pixels to what the network's first layers read: (pixels - mean) / std.
std::string add_normalisation(GraphBuilder& graph, const std::string& pixels, const InputSpec& input);

}  // namespace convlens::viz
