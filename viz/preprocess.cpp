#include "viz/preprocess.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "viz/io/resize.h"

namespace convlens::viz {
namespace {

Image to_grey(const Image& image) {
  if (image.channels == 1) return image;
  Image grey = make_image(1, image.height, image.width);
  // Rec. 601 luma, as in PIL's convert("L").
  for (size_t i = 0; i < grey.values.size(); ++i)
    grey.values[i] = 0.299F * image.values[i] + 0.587F * image.values[grey.values.size() + i] +
                     0.114F * image.values[2 * grey.values.size() + i];
  return grey;
}

// The image's channel that is the tensor's channel c.
int image_channel(const InputSpec& input, int64_t c) {
  return static_cast<int>(input.channel_order == "bgr" ? 2 - c : c);
}

}  // namespace

Image network_view(const Image& photo, const InputSpec& input, int height, int width) {
  const Image colours = input.channel_order == "grey" ? to_grey(photo) : to_rgb(photo);
  const double scale =
      std::max(std::round(height / input.crop) / photo.height, std::round(width / input.crop) / photo.width);
  const Filter filter = input.resize == "bicubic" ? Filter::bicubic : Filter::bilinear;
  const auto scaled = [&](int extent, int wanted) {
    return std::max(wanted, static_cast<int>(std::lround(extent * scale)));
  };
  return clamp(
      center_crop(resize(colours, scaled(photo.height, height), scaled(photo.width, width), filter), height, width));
}

Array to_tensor(const Image& view, const InputSpec& input) {
  Array tensor({1, input.shape.c(), view.height, view.width});
  const size_t plane = static_cast<size_t>(view.height) * static_cast<size_t>(view.width);
  for (int64_t c = 0; c < input.shape.c(); ++c) {
    const auto channel = static_cast<size_t>(c);
    const double scale = (input.range[1] - input.range[0]) / input.std[channel];
    const double shift = (input.range[0] - input.mean[channel]) / input.std[channel];
    const float* from = view.values.data() + static_cast<size_t>(image_channel(input, c)) * plane;
    std::transform(from, from + plane, tensor.values.begin() + static_cast<int64_t>(channel * plane),
                   [&](float value) { return static_cast<float>(value * scale + shift); });
  }
  return tensor;
}

Image to_image(const Array& tensor, const InputSpec& input, int64_t batch_index) {
  const Shape& s = tensor.shape;
  Image image = make_image(static_cast<int>(s.c()), static_cast<int>(s.h()), static_cast<int>(s.w()));
  const int64_t plane = s.h() * s.w();
  for (int64_t c = 0; c < s.c(); ++c)
    std::copy_n(tensor.values.begin() + (batch_index * s.c() + c) * plane, plane,
                image.values.begin() + (s.c() == 3 ? image_channel(input, c) : c) * plane);
  return image;
}

Image channel_image(const Array& tensor, int64_t c, int64_t batch_index) {
  const Shape& s = tensor.shape;
  Image image = make_image(1, static_cast<int>(s.h()), static_cast<int>(s.w()));
  std::copy_n(tensor.values.begin() + (batch_index * s.c() + c) * s.h() * s.w(), s.h() * s.w(), image.values.begin());
  return image;
}

}  // namespace convlens::viz
