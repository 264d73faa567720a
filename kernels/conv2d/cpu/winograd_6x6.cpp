// Winograd F(6x6, 3x3): 64 products for 36 outputs instead of 324, four fifths of F(4x4, 3x3)'s; transforms and
// rounding cost more.

#include "kernels/base/registry.h"
#include "kernels/conv2d/cpu/winograd.h"
#include "kernels/conv2d/cpu/winograd_points.h"

namespace convlens {
namespace {

using Points = WinogradPoints<3, std::array{0.625F, 1.0F, 1.5F}>;

const RegisterVariant forward("conv2d", winograd_variant<Points>("winograd_6x6", Pass::forward, 10, 5e-5));
const RegisterVariant backward_data("conv2d", winograd_variant<Points>("winograd_6x6", Pass::backward_data, 10, 5e-5));

}  // namespace
}  // namespace convlens
