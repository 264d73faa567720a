#pragma once

#include <memory>
#include <span>

#include "engine/session.h"

namespace convlens::viz {

/// Blurs a batch of images on the host, as the operator gaussian_blur does.
class Blur {
 public:
  Blur(const Shape& batch, double sigma);  ///< throws InputError where the images are too small for it
  void apply(Array& images);

 private:
  std::unique_ptr<Session> session_;
};

/// Of each image the `percent` % of pixels at which `measure` is smallest, by its Euclidean norm over the channels,
/// take the colour `zero` (Yosinski et al., "Understanding Neural Networks Through Deep Visualization", 2015).
/// `measure` has the images' shape.
void clip_small(Array& images, const Array& measure, double percent, std::span<const double> zero);

}  // namespace convlens::viz
