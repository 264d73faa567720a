#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace convlens {

/// e^x to about 1e-7 of its value, in operations that a loop marked `omp simd` does for many x at once. Range reduction
/// x = n ln 2 + r and the polynomial on |r| <= ln 2 / 2 are those of Moshier's Cephes library (expf). Where the result
/// would not be a normal number it stays at the nearest one; NaN stays NaN.
inline float exp_f32(float x) {
  constexpr float round = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer, which then is in the low bits
  x = std::min(std::max(x, -87.3F), 88.3F);
  const float rounded = x * 1.44269504F + round;
  const float n = rounded - round;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float fraction = p * (r * r) + r + 1.0F;
  return fraction * std::bit_cast<float>((std::bit_cast<uint32_t>(rounded) << 23) + 0x3f800000u);
}

/// 1 / (1 + e^-x)
inline float sigmoid_f32(float x) { return 1.0F / (1.0F + exp_f32(-x)); }

/// Cephes' tanhf: x plus an odd polynomial where |x| < 0.625, else 1 - 2 / (e^2|x| + 1) with the sign of x.
inline float tanh_f32(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3F;
  p = p * z + 2.06390887954e-2F;
  p = p * z - 5.37397155531e-2F;
  p = p * z + 1.33314422036e-1F;
  p = p * z - 3.33332819422e-1F;
  const float size = std::abs(x);
  const float large = std::copysign(1.0F - 2.0F / (exp_f32(2.0F * size) + 1.0F), x);
  return size < 0.625F ? p * z * x + x : large;
}

}  // namespace convlens
