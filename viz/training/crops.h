#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/array.h"
#include "viz/preprocess.h"

namespace convlens::viz {

/// How a photo's parts become tensors.
struct CropKeys {
  int64_t size;  ///< edge of the square part as a network sees it, pixels
  bool flip;     ///< whether half of them are mirrored, left for right
  int64_t seed;
};

/// Random square parts of the photos of a folder, without end. Each photo is read when its turn comes, so that memory
/// holds a batch however many there are.
class Crops {
 public:
  /// Throws InputError for a folder without images.
  Crops(std::filesystem::path folder, const InputSpec& input, const CropKeys& keys);

  /// Samples first, ..., first + count - 1, N x C x size x size. Sample i is of photo i of an order that is shuffled
  /// anew each time all have been seen, or of the next that can be read: a square of `size` pixels up to the photo's
  /// shorter edge, scaled to `size`. It follows from the seed and i alone. Throws InputError where none can be read.
  Array batch(int64_t first, int64_t count);

  const std::map<std::string, std::string>& broken() const { return broken_; }  ///< file -> why it was passed over

 private:
  const std::vector<std::filesystem::path>& order_of(int64_t epoch);
  Image photo_of(int64_t index);
  Image sample(int64_t index);

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  InputSpec input_;
  CropKeys keys_;
  std::map<std::string, std::string> broken_;
  int64_t epoch_ = -1;  ///< whose order is kept
  std::vector<std::filesystem::path> order_;
};

/// All images of a folder as a network sees them, the centre of each at `size` x `size`.
std::vector<Image> read_views(const std::filesystem::path& folder, const InputSpec& input, int64_t size);

}  // namespace convlens::viz
