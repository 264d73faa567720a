#include "viz/io/overlay.h"

#include "kernels/base/error.h"
#include "viz/io/resize.h"

namespace convlens::viz {

Image overlay(const Image& photo, const Image& heat, ColorMap map, float alpha) {
  if (!(alpha >= 0.0f && alpha <= 1.0f)) throw InternalError("the opacity of an overlay must lie in 0..1");
  const Image color = apply(map, resize(heat, photo.height, photo.width, Filter::bilinear));
  Image blended = to_rgb(photo);
  for (size_t i = 0; i < blended.values.size(); ++i) {
    blended.values[i] = (1.0f - alpha) * blended.values[i] + alpha * color.values[i];
  }
  return blended;
}

}  // namespace convlens::viz
