#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kernels/base/params.h"
#include "viz/io/image.h"
#include "viz/style/canvas.h"

namespace convlens::viz {

/// Where each of several styles is painted, and where in its picture it is taken from.
struct MaskKeys final : Params {
  std::vector<std::filesystem::path> masks, style_masks;  ///< one for each style, or none

  void describe(ParamVisitor& v) override;

  /// name -> sha256, for run.json.
  std::map<std::string, std::string> inputs() const;
};

/// A mask, grey and of the canvas' size, scaled and cut as the picture that it belongs to. Throws InputError where it
/// is black everywhere, or not of the picture's proportions to within a pixel of its own.
Image read_mask(const std::filesystem::path& file, const Image& picture, const Canvas& canvas);

}  // namespace convlens::viz
