#pragma once

#include <bit>
#include <cstdint>

namespace convlens {

/// IEEE 754 binary16 to binary32, exactly.
inline float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  // Placing the bits at float's position leaves the exponent 112 too low; the product repairs it, subnormals included.
  const float value = std::bit_cast<float>(magnitude << 13) * std::bit_cast<float>(uint32_t{(254 - 15) << 23});
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
}

/// The bits of the nearest bfloat16, the even one's in a tie; 0x7fff for NaN, as CUDA has it.
[[gnu::always_inline]] inline uint16_t float_to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return static_cast<uint16_t>(nan ? 0x7fffU : (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

}  // namespace convlens
