#include "viz/io/pixels.h"

#include "kernels/base/error.h"

namespace convlens::viz {

void require_reasonable_size(int64_t width, int64_t height, const std::string& name) {
  if (width * height > int64_t{1} << 27) {
    throw InputError("image '" + name + "' has " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels: at most 2^27 (134 million) can be read");
  }
}

}  // namespace convlens::viz
