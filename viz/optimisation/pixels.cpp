#include "viz/optimisation/pixels.h"

#include <numeric>

#include "kernels/base/error.h"
#include "viz/preprocess.h"

namespace convlens::viz {
InputSpec without_normalisation(InputSpec input) {
  input.mean.assign(static_cast<size_t>(input.shape.c()), 0);
  input.std.assign(static_cast<size_t>(input.shape.c()), 1);
  return input;
}

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

std::string add_conversion(GraphBuilder& graph, const std::string& name, const std::string& picture,
                           const InputSpec& from, const InputSpec& to) {
  const auto channels = static_cast<size_t>(to.shape.c());
  if (from.shape.c() != to.shape.c())
    throw InputError("pictures of " + std::to_string(from.shape.c()) + " channels cannot be fed to the input '" +
                     to.name + "' of " + std::to_string(channels));
  const auto colour = [&](const InputSpec& input, size_t c) {
    return input.channel_order == "bgr" ? channels - 1 - c : c;
  };
  // A value is scale * pixel + shift, the pixel 0..1.
  const auto scale = [](const InputSpec& i, size_t c) { return (i.range[1] - i.range[0]) / i.std[c]; };
  const auto shift = [](const InputSpec& i, size_t c) { return (i.range[0] - i.mean[c]) / i.std[c]; };
  Array weight({to.shape.c(), to.shape.c(), 1, 1}), bias({to.shape.c()});
  for (size_t o = 0; o < channels; ++o)
    for (size_t c = 0; c < channels; ++c) {
      if (colour(from, c) != colour(to, o)) continue;
      const double ratio = scale(to, o) / scale(from, c);
      weight.values[channels * o + c] = static_cast<float>(ratio);
      bias.values[o] = static_cast<float>(shift(to, o) - ratio * shift(from, c));
    }
  return graph.add(name, "conv2d", {picture}, {{"out_channels", channels}, {"kernel_size", 1}}, {weight, bias});
}

std::string add_normalisation(GraphBuilder& graph, const std::string& pixels, const InputSpec& input) {
  return add_conversion(graph, "normalised", pixels, without_normalisation(input), input);
}

}  // namespace convlens::viz
