// Winograd F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): 36 products for 16
// outputs instead of 144. The points +-5/8 and +-3/2, whose powers stay near one, lose a fifth of what +-1 and +-2 do.

#include "kernels/base/registry.h"
#include "kernels/conv2d/cpu/winograd.h"
#include "kernels/conv2d/cpu/winograd_points.h"

namespace convlens {
namespace {

using Points = WinogradPoints<2, std::array{0.625F, 1.5F}>;

const RegisterVariant forward("conv2d",
                              winograd_variant<Points>("winograd_4x4", Pass::forward, winograd_priority(), 1e-5));
const RegisterVariant backward_data("conv2d", winograd_variant<Points>("winograd_4x4", Pass::backward_data,
                                                                       winograd_priority(), 1e-5));

}  // namespace
}  // namespace convlens
