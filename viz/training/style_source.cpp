#include "viz/training/style_source.h"

#include <algorithm>

#include "viz/preprocess.h"

namespace convlens::viz {

Array NumberedStyles::preview_batch(int64_t first, int64_t count) const {
  Array shares({count, count_, 1, 1});
  for (int64_t i = 0; i < count; ++i) shares.values[static_cast<size_t>(i * count_ + (first + i) % count_)] = 1;
  return shares;
}

PicturedStyles::PicturedStyles(std::filesystem::path folder, InputSpec input, const CropKeys& keys,
                               std::vector<Image> unseen)
    : input_(std::move(input)), crops_(std::move(folder), input_, keys), unseen_(std::move(unseen)) {}

Array PicturedStyles::preview_batch(int64_t first, int64_t count) const {
  Array batch({count, 3, unseen_[0].height, unseen_[0].width});
  auto to = batch.values.begin();
  for (int64_t i = first; i < first + count; ++i)
    to = std::ranges::copy(to_tensor(unseen_[static_cast<size_t>(i % preview_styles())], input_).values, to).out;
  return batch;
}

}  // namespace convlens::viz
