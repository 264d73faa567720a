#include "viz/optimisation/pixels.h"

#include <algorithm>
#include <numeric>

#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

InputSpec without_normalisation(InputSpec input) {
  std::ranges::fill(input.mean, 0.0);
  std::ranges::fill(input.std, 1.0);
  return input;
}

}  // namespace

Array to_pixels(const Image& image, const InputSpec& input) { return to_tensor(image, without_normalisation(input)); }

Image from_pixels(const Array& pixels, const InputSpec& input, int64_t batch_index) {
  Image image = to_image(pixels, input, batch_index);
  const double range = input.range[1] - input.range[0];
  for (float& value : image.values) value = static_cast<float>((value - input.range[0]) / range);
  return image;
}

double grey_level(const InputSpec& input) { return (input.range[1] - input.range[0]) / 255; }

double mean_std(const InputSpec& input) {
  return std::accumulate(input.std.begin(), input.std.end(), 0.0) / static_cast<double>(input.std.size());
}

std::string add_normalisation(GraphBuilder& graph, const std::string& pixels, const InputSpec& input) {
  const int64_t channels = input.shape.c();
  Array scale({channels, channels, 1, 1}), shift({channels});
  for (int64_t c = 0; c < channels; ++c) {
    const auto channel = static_cast<size_t>(c);
    scale.values[static_cast<size_t>(c * channels + c)] = static_cast<float>(1 / input.std[channel]);
    shift.values[channel] = static_cast<float>(-input.mean[channel] / input.std[channel]);
  }
  return graph.add("normalised", "conv2d", {pixels}, {{"out_channels", channels}, {"kernel_size", 1}}, {scale, shift});
}

}  // namespace convlens::viz
