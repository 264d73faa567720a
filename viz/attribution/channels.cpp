#include "viz/attribution/channels.h"

#include <cmath>

#include "viz/preprocess.h"

namespace convlens::viz {

Image strongest_channel(const Array& tensor) {
  Image map = channel_image(tensor, 0);
  for (int64_t c = 1; c < tensor.shape.c(); ++c) {
    const Image channel = channel_image(tensor, c);
    for (size_t i = 0; i < map.values.size(); ++i)
      if (std::abs(channel.values[i]) > std::abs(map.values[i])) map.values[i] = channel.values[i];
  }
  return map;
}

Image channel_sum(const Array& tensor) {
  Image map = channel_image(tensor, 0);
  for (int64_t c = 1; c < tensor.shape.c(); ++c) {
    const Image channel = channel_image(tensor, c);
    for (size_t i = 0; i < map.values.size(); ++i) map.values[i] += channel.values[i];
  }
  return map;
}

Image magnitudes(Image map) {
  for (float& value : map.values) value = std::abs(value);
  return map;
}

}  // namespace convlens::viz
