#pragma once

#include "engine/array.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// Per pixel the value of the channel with the greatest magnitude, of a tensor 1 x C x H x W.
Image strongest_channel(const Array& tensor);

/// Per pixel the sum over the channels.
Image channel_sum(const Array& tensor);

/// Every value without its sign.
Image magnitudes(Image map);

}  // namespace convlens::viz
