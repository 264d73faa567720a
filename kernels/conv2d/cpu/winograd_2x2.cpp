// Winograd F(2x2, 3x3): 16 products for 4 outputs instead of 36, and filters of 16/9 of their size where F(4x4, 3x3)
// makes them 4 times as large. Where a map is a few tiles, filters are read once for little arithmetic, and what counts
// is their size. The points +-1 round least.

#include "kernels/base/registry.h"
#include "kernels/conv2d/cpu/winograd.h"
#include "kernels/conv2d/cpu/winograd_points.h"

namespace convlens {
namespace {

using Points = WinogradPoints<1, std::array{1.0F}>;

// Both read their filters at the memory's speed up to some nine tiles of 4 x 4 (of 18 products and more a byte).
std::optional<std::string> is_too_large(const Problem& problem) {
  constexpr int64_t most_tiles = 9;
  const Conv2dSizes s(problem);
  const int64_t tiles = s.batch * ((s.y.output + 3) / 4) * ((s.x.output + 3) / 4);
  if (tiles > most_tiles) return "needs more products than F(4x4, 3x3), which only pays on up to 9 tiles of 4 x 4";
  return std::nullopt;
}

Variant variant(Pass pass) {
  return also_refuses(winograd_variant<Points>("winograd_2x2", pass, winograd_priority() + 1, 2e-6), is_too_large);
}

const RegisterVariant forward("conv2d", variant(Pass::forward));
const RegisterVariant backward_data("conv2d", variant(Pass::backward_data));

}  // namespace
}  // namespace convlens
