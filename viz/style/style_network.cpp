#include "viz/style/style_network.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "viz/io/crop.h"
#include "viz/layers.h"
#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

// What networks halve in size, they double again: the size has to be a multiple of their strides.
constexpr int strides[] = {1, 2, 4, 8, 16, 32, 64};

std::string size_text(int64_t height, int64_t width) { return std::to_string(height) + " x " + std::to_string(width); }

int multiple(int extent, int stride) { return (extent + stride - 1) / stride * stride; }

// Index i of n pixels that go on as their mirror image, whose first pixel is not repeated.
int mirrored(int i, int n) {
  if (n == 1) return 0;
  i %= 2 * n - 2;
  return i < n ? i : 2 * n - 2 - i;
}

// Mirrored beyond its right and lower border.
Image extended(const Image& image, int height, int width) {
  if (image.height == height && image.width == width) return image;
  Image result = make_image(image.channels, height, width);
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < height; ++y) {
      const auto from = image.row(c, mirrored(y, image.height));
      const auto to = result.row(c, y);
      for (int x = 0; x < width; ++x) to[x] = from[mirrored(x, image.width)];
    }
  return result;
}

}  // namespace

StyleNetwork::StyleNetwork(const Model& model) : model_(model), image_(model.image_input()) {
  for (const InputSpec& input : model.inputs)
    if (input.kind == InputSpec::Kind::vector) shares_ = &input;
  const Shape result = layer_shapes(model, image_.shape).at(model.output);
  if (image_.shape.c() != 3 || result.c() != 3 || result.h() == 1)
    throw InputError("the network '" + model.name + "' does not make a colour image of one: from " +
                     image_.shape.to_string() + " it makes " + result.to_string());
}

int64_t StyleNetwork::styles() const { return shares_ ? shares_->shape.c() : 1; }

PlanRequest StyleNetwork::request(Device device, int height, int width) const {
  std::string reason;
  for (const int stride : strides) {
    const Shape shape{1, 3, multiple(height, stride), multiple(width, stride)};
    try {
      const Shape result = layer_shapes(model_, shape).at(model_.output);
      if (result == shape)
        return {.device = device, .input_shapes = {{image_.name, shape}}, .observe = {model_.output}};
      reason = "its result has " + size_text(result.h(), result.w()) + " pixels";
    } catch (const InputError& error) {
      reason = error.what();
    }
  }
  throw InputError("the network '" + model_.name + "' cannot paint a photo of " + size_text(height, width) +
                   " pixels: " + reason);
}

Image StyleNetwork::paint(Session& session, const Image& photo, const StyleShares& shares) const {
  const Shape& shape = session.plan().values.at(image_.name).desc.shape;
  session.set_input(image_.name,
                    to_tensor(extended(photo, static_cast<int>(shape.h()), static_cast<int>(shape.w())), image_));
  if (shares_) {
    Array vector({1, styles(), 1, 1});
    std::ranges::copy(shares, vector.values.begin());
    session.set_input(shares_->name, vector);
  }
  session.forward();
  Image result = to_image(session.value(model_.output), image_);
  const auto low = static_cast<float>(image_.range[0]), scale = static_cast<float>(image_.range[1]) - low;
  for (float& value : result.values) value = (value - low) / scale;
  if (!std::ranges::all_of(result.values, [](float value) { return std::isfinite(value); }))
    throw InputError("the network '" + model_.name + "' makes of this photo something that is no number");
  return clamp(crop(result, {{0, photo.height}, {0, photo.width}}));
}

}  // namespace convlens::viz
