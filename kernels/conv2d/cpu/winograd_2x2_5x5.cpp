// Winograd F(2x2, 5x5): 36 products for 4 outputs instead of 100, on the tiles and points of F(4x4, 3x3).

#include "kernels/base/registry.h"
#include "kernels/conv2d/cpu/winograd.h"
#include "kernels/conv2d/cpu/winograd_points.h"

namespace convlens {
namespace {

using Points = WinogradPoints<2, std::array{0.625F, 1.5F}, 5>;

const RegisterVariant forward("conv2d", winograd_variant<Points>("winograd_2x2_5x5", Pass::forward, 15, 1e-5));
const RegisterVariant backward_data("conv2d",
                                    winograd_variant<Points>("winograd_2x2_5x5", Pass::backward_data, 15, 1e-5));

}  // namespace
}  // namespace convlens
