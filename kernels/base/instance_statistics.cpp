#include "kernels/base/instance_statistics.h"

#include "kernels/base/error.h"

namespace convlens {

void require_pixels(const Shape& x, int64_t correction) {
  if (x.h() * x.w() > correction) return;
  throw InputError("a variance with correction " + std::to_string(correction) + " needs more pixels, found " +
                   x.to_string());
}

}  // namespace convlens
