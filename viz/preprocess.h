#pragma once

#include "engine/array.h"
#include "engine/model.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// The part of a photo that the network sees, at the size that it sees: the shorter edge is scaled to size / crop by
/// the model's filter, then the centre is cut out (docs/format.md). Three channels, or one for a grey model.
Image network_view(const Image& photo, const InputSpec& input, int height, int width);

/// An image of the network's size as its input tensor 1 x C x H x W: range, mean, std and channel order applied.
Array to_tensor(const Image& view, const InputSpec& input);

/// Brings a tensor in the input's channel order (a gradient, a filter) into the order red, green, blue.
Image to_image(const Array& tensor, const InputSpec& input, int64_t batch_index = 0);

/// Channel `c` of one image of a batch as a grey image.
Image channel_image(const Array& tensor, int64_t c, int64_t batch_index = 0);

}  // namespace convlens::viz
