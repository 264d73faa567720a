// Winograd F(6x6, 3x3): 64 products for 36 outputs instead of 324, four fifths of F(4x4, 3x3)'s, and filters of 64/9 of
// their size. With these points the rounding of sums counts least; still, none grows beyond 16 channels
// (WinogradKernel::part_blocks).

#include "kernels/base/registry.h"
#include "kernels/conv2d/cpu/winograd.h"
#include "kernels/conv2d/cpu/winograd_points.h"

namespace convlens {
namespace {

using Points = WinogradPoints<3, std::array{0.5F, 1.0F, 2.0F}>;

// Tiles that reach over the edge cost as much as others, sums in parts and larger filters some more: on 28 x 28 and
// 56 x 56, where nine tenths of F(4x4, 3x3)'s products are left, nothing is won.
std::optional<std::string> does_not_pay(const Problem& problem) {
  constexpr int64_t places = Points::tile * Points::tile, most_floats = (8 << 20) / sizeof(float);
  const Conv2dSizes s(problem);
  const auto products = [&](int64_t r) {
    return (r + 2) * (r + 2) * ((s.y.output + r - 1) / r) * ((s.x.output + r - 1) / r);
  };
  if (7 * products(6) > 6 * products(4)) return "saves less than a seventh of F(4x4, 3x3)'s products";
  if (places * s.in_channels * s.out_channels > most_floats) return "makes more than 8 MB of the filters";
  return std::nullopt;
}

Variant variant(Pass pass) {
  return also_refuses(winograd_variant<Points>("winograd_6x6", pass, winograd_priority() + 1, 1e-5), does_not_pay);
}

const RegisterVariant forward("conv2d", variant(Pass::forward));
const RegisterVariant backward_data("conv2d", variant(Pass::backward_data));

}  // namespace
}  // namespace convlens
