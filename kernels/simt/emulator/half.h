#pragma once

#include <bit>
#include <cstdint>

#include "kernels/base/half.h"

/// Numbers of 16 bits (CUDA Math API, "Half Precision Intrinsics", "Bfloat16 Precision Intrinsics"): their types and
/// conversions, which round to nearest, ties to even.

struct __half {
  _Float16 value;
};

struct __nv_bfloat16 {
  uint16_t bits;
};

inline __half __float2half_rn(float x) { return {static_cast<_Float16>(x)}; }
inline float __half2float(__half x) { return static_cast<float>(x.value); }

inline __nv_bfloat16 __float2bfloat16_rn(float x) { return {convlens::float_to_bfloat16(x)}; }
inline float __bfloat162float(__nv_bfloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }

namespace simt {

template <class T>
T round_to(float x);
template <>
inline __half round_to(float x) {
  return __float2half_rn(x);
}
template <>
inline __nv_bfloat16 round_to(float x) {
  return __float2bfloat16_rn(x);
}

template <class T>
uint32_t round_pair(float a, float b) {
  const auto bits = [](float x) { return uint32_t{std::bit_cast<uint16_t>(round_to<T>(x))}; };
  return bits(a) | bits(b) << 16;
}

}  // namespace simt
