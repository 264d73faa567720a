#include "viz/io/resize.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"

// stb_image_resize is not used: it repeats the border pixels where Pillow renormalises, and what a network was trained
// on is Pillow's result (they differ by up to 0.05 within a kernel's radius of the border).

namespace convlens::viz {
namespace {

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
double keys_cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return ((x - 5.0) * x + 8.0) * x * a - 4.0 * a;
  return 0.0;
}

// One output sample is the sum of weights[k] * input[first + k].
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

Taps nearest_tap(double scale, int output, int input_size) {
  return {std::min(static_cast<int>((output + 0.5) * scale), input_size - 1), {1.0f}};
}

Taps filter_taps(Filter filter, double scale, int output, int input_size) {
  const double stretch = std::max(scale, 1.0);
  const double radius = (filter == Filter::bilinear ? 1.0 : 2.0) * stretch;
  const double center = (output + 0.5) * scale;
  const int first = std::max(0, static_cast<int>(center - radius + 0.5));
  const int end = std::min(input_size, static_cast<int>(center + radius + 0.5));

  std::vector<double> weights;
  double sum = 0.0;
  for (int i = first; i < end; ++i) {
    const double distance = (i + 0.5 - center) / stretch;
    weights.push_back(filter == Filter::bilinear ? triangle(distance) : keys_cubic(distance));
    sum += weights.back();
  }
  Taps taps{first, {}};
  for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
  return taps;
}

std::vector<Taps> all_taps(Filter filter, int input_size, int output_size) {
  const double scale = static_cast<double>(input_size) / output_size;
  std::vector<Taps> taps;
  for (int i = 0; i < output_size; ++i) {
    const bool copies = filter == Filter::nearest;
    taps.push_back(copies ? nearest_tap(scale, i, input_size) : filter_taps(filter, scale, i, input_size));
  }
  return taps;
}

Image resize_rows(const Image& image, int height, Filter filter) {
  const std::vector<Taps> taps = all_taps(filter, image.height, height);
  Image result = make_image(image.channels, height, image.width);
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < height; ++y) {
      const std::span<float> target = result.row(c, y);
      for (size_t k = 0; k < taps[y].weights.size(); ++k) {
        const std::span<const float> source = image.row(c, taps[y].first + static_cast<int>(k));
        const float weight = taps[y].weights[k];
        for (size_t x = 0; x < target.size(); ++x) target[x] += weight * source[x];
      }
    }
  }
  return result;
}

Image resize_columns(const Image& image, int width, Filter filter) {
  const std::vector<Taps> taps = all_taps(filter, image.width, width);
  Image result = make_image(image.channels, image.height, width);
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < image.height; ++y) {
      const std::span<const float> source = image.row(c, y);
      const std::span<float> target = result.row(c, y);
      for (int x = 0; x < width; ++x) {
        const Taps& tap = taps[x];
        float sum = 0.0f;
        for (size_t k = 0; k < tap.weights.size(); ++k) sum += tap.weights[k] * source[tap.first + k];
        target[x] = sum;
      }
    }
  }
  return result;
}

}  // namespace

Image resize(const Image& image, int height, int width, Filter filter) {
  if (height <= 0 || width <= 0 || image.values.empty()) {
    throw InternalError("a picture of " + shape_text(image) + " cannot be resized to " + std::to_string(height) +
                        " x " + std::to_string(width));
  }
  // Rows first: whole rows are summed at vector speed, which leaves the columns little to do when shrinking a photo.
  if (height == image.height && width == image.width) return image;
  if (height == image.height) return resize_columns(image, width, filter);
  if (width == image.width) return resize_rows(image, height, filter);
  return resize_columns(resize_rows(image, height, filter), width, filter);
}

Image center_crop(const Image& image, int height, int width) {
  if (height <= 0 || width <= 0 || height > image.height || width > image.width) {
    throw InternalError("a piece of " + std::to_string(height) + " x " + std::to_string(width) +
                        " cannot be cut out of a picture of " + shape_text(image));
  }
  const int top = static_cast<int>(std::nearbyint((image.height - height) / 2.0));
  const int left = static_cast<int>(std::nearbyint((image.width - width) / 2.0));
  Image result = make_image(image.channels, height, width);
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < height; ++y) {
      std::ranges::copy(image.row(c, top + y).subspan(left, width), result.row(c, y).begin());
    }
  }
  return result;
}

}  // namespace convlens::viz
