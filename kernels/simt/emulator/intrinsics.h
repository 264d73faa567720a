#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

/// Functions of one thread (CUDA Math API): integer, casting and fast mathematical intrinsics.

template <class T>
T __ldg(const T* address) {
  return *address;
}
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x ? std::countr_zero(static_cast<unsigned>(x)) + 1 : 0; }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return std::exp(x); }
inline float rsqrtf(float x) { return 1.0F / std::sqrt(x); }

/// Of pi x; 0 and 1 are exact, as CUDA's are: the nearest quarter of a turn is taken off before there is any rounding.
inline void sincospif(float x, float* sine, float* cosine) {
  const double turned = std::fmod(x, 2.0), quarters = std::nearbyint(2 * turned);
  const double rest = (turned - quarters / 2) * std::numbers::pi;
  const auto s = static_cast<float>(std::sin(rest)), c = static_cast<float>(std::cos(rest));
  switch (static_cast<int>(quarters) & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s; break;
  }
}
