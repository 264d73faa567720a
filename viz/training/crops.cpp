#include "viz/training/crops.h"

#include <algorithm>
#include <numeric>

#include "kernels/base/error.h"
#include "viz/io/crop.h"
#include "viz/scan/image_list.h"
#include "viz/training/random.h"

namespace convlens::viz {
namespace {

enum CropStream : int64_t { crop_order, crop_places };  // of random numbers

Image mirrored(Image image) {
  for (int c = 0; c < image.channels; ++c)
    for (int y = 0; y < image.height; ++y) std::ranges::reverse(image.row(c, y));
  return image;
}

Image random_square(const Image& photo, int64_t size, Random& random) {
  const int64_t shorter = std::min(photo.height, photo.width);
  const int64_t edge = shorter <= size ? shorter : size + random.below(shorter - size + 1);
  const int64_t y = random.below(photo.height - edge + 1), x = random.below(photo.width - edge + 1);
  return crop(photo, {{y, y + edge}, {x, x + edge}});
}

}  // namespace

Crops::Crops(std::filesystem::path folder, const InputSpec& input, const CropKeys& keys)
    : folder_(std::move(folder)), files_(list_images(folder_)), input_(input), keys_(keys) {
  input_.crop = 1;  // the square is all that is to be seen
}

const std::vector<std::filesystem::path>& Crops::order_of(int64_t epoch) {
  if (epoch == epoch_) return order_;
  order_ = files_;
  Random(keys_.seed, crop_order, epoch).shuffle(order_);
  epoch_ = epoch;
  return order_;
}

Image Crops::photo_of(int64_t index) {
  const auto count = std::ssize(files_);
  const auto& order = order_of(index / count);
  for (int64_t i = 0; i < count; ++i) {
    const auto& file = order[static_cast<size_t>((index + i) % count)];
    try {
      return read_image(folder_ / file);
    } catch (const InputError& error) {
      broken_[file.generic_string()] = error.what();
    }
  }
  throw InputError(folder_.string() + ": none of its images can be read; one of them: " + broken_.begin()->second);
}

Image Crops::sample(int64_t index) {
  const Image photo = photo_of(index);
  Random random(keys_.seed, crop_places, index);
  const Image square = random_square(photo, keys_.size, random);
  const auto size = static_cast<int>(keys_.size);
  const Image view = network_view(square, input_, size, size);
  return keys_.flip && random.below(2) == 1 ? mirrored(view) : view;
}

Array Crops::batch(int64_t first, int64_t count) {
  Array batch({count, input_.shape.c(), keys_.size, keys_.size});
  auto to = batch.values.begin();
  for (int64_t i = 0; i < count; ++i) to = std::ranges::copy(to_tensor(sample(first + i), input_).values, to).out;
  return batch;
}

std::vector<Image> read_views(const std::filesystem::path& folder, const InputSpec& input, int64_t size) {
  std::vector<Image> views;
  for (const auto& file : list_images(folder))
    views.push_back(network_view(read_image(folder / file), input, static_cast<int>(size), static_cast<int>(size)));
  return views;
}

}  // namespace convlens::viz
