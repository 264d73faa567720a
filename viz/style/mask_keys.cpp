#include "viz/style/mask_keys.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

std::string size_text(const Image& image) { return std::to_string(image.height) + " x " + std::to_string(image.width); }

}  // namespace

void MaskKeys::describe(ParamVisitor& v) {
  v.field({.name = "masks",
           .doc = "grey pictures in the photo's proportions, one for each of 'styles': painted where white; by default "
                  "all styles everywhere"},
          masks);
  v.field(
      {.name = "style_masks",
       .doc = "the same in the style pictures' proportions: whose style is taken where white; by default everywhere"},
      style_masks);
}

std::map<std::string, std::string> MaskKeys::inputs() const {
  std::map<std::string, std::string> inputs;
  for (const auto& mask : masks) inputs["mask " + mask.filename().string()] = sha256_file(mask);
  for (const auto& mask : style_masks) inputs["style mask " + mask.filename().string()] = sha256_file(mask);
  return inputs;
}

Image read_mask(const std::filesystem::path& file, const Image& picture, const Canvas& canvas) {
  const Image mask = read_image(file);
  const double width = static_cast<double>(picture.width) * mask.height / picture.height;
  if (!(std::abs(width - mask.width) <= 1 + width / mask.height))
    throw InputError(file.string() + ": a mask must have the proportions of its picture, " + size_text(picture) +
                     ", found " + size_text(mask));
  const Image grey = network_view(mask, {.shape = {1, 1, 1, 1}, .channel_order = "grey"},
                                  static_cast<int>(canvas.height), static_cast<int>(canvas.width));
  if (std::ranges::max(grey.values) <= 0) throw InputError(file.string() + ": the mask is black: it leaves no region");
  return grey;
}

}  // namespace convlens::viz
