#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace convlens {

/// `count` neighbouring numbers worked on at once: vectors of GCC and Clang, which become whatever registers the
/// processor has. Arithmetic and comparisons are elementwise; `mask ? a : b` chooses by element.
template <class T, int count>
struct VectorOf {
  using type [[gnu::vector_size(sizeof(T) * count)]] = T;
};
template <int count>
using FloatLanes = typename VectorOf<float, count>::type;
template <int count>
using IntLanes = typename VectorOf<int32_t, count>::type;

/// From and to memory of any alignment.
template <class Vector>
[[gnu::always_inline]] inline Vector load_lanes(const void* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <class Vector>
[[gnu::always_inline]] inline void store_lanes(void* to, const Vector& v) {
  std::memcpy(to, &v, sizeof v);
}

/// To memory aligned as the vector, past the caches: for whole lines that will not be read soon. finish_streaming()
/// comes before other threads read them.
template <class Vector>
[[gnu::always_inline]] inline void stream_lanes(float* to, const Vector& v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(Vector) == 64) return _mm512_stream_ps(to, reinterpret_cast<__m512>(v));
#endif
#if defined(__AVX__)
  if constexpr (sizeof(Vector) == 32) return _mm256_stream_ps(to, reinterpret_cast<__m256>(v));
#endif
  store_lanes(to, v);
}
inline void finish_streaming() {
#if defined(__AVX__)
  _mm_sfence();
#endif
}

/// Unsigned integers of any size as IntLanes. GCC 12 makes scalar code of __builtin_convertvector to a wider type.
template <int lanes, class T>
[[gnu::always_inline]] inline IntLanes<lanes> load_widened(const T* from) {
#if defined(__AVX512F__)
  if constexpr (lanes == 16 && sizeof(T) == 1)
    return reinterpret_cast<IntLanes<16>>(_mm512_maskz_cvtepu8_epi32(0xffff, load_lanes<__m128i>(from)));
#endif
#if defined(__AVX2__)
  if constexpr (lanes == 8 && sizeof(T) == 1)
    return reinterpret_cast<IntLanes<8>>(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(load_lanes<int64_t>(from))));
#endif
  return __builtin_convertvector(load_lanes<typename VectorOf<T, lanes>::type>(from), IntLanes<lanes>);
}

/// The sum of a vector's elements, one after the other.
template <class Vector>
[[gnu::always_inline]] inline float horizontal_sum(const Vector& v) {
  float sum = 0;
  for (size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i) sum += v[i];
  return sum;
}

/// Bit i tells whether element i of a comparison's result is true.
inline uint32_t mask_bits(const IntLanes<8>& mask) {
#if defined(__AVX__)
  return static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(mask)));
#else
  uint32_t bits = 0;
  for (int i = 0; i < 8; ++i) bits |= static_cast<uint32_t>(mask[i] & 1) << i;
  return bits;
#endif
}

/// Floats in a register of the processor that is compiled for. GCC 12 keeps wider vectors in memory.
#if defined(__AVX512F__)
constexpr int native_lanes = 16;
#elif defined(__AVX__)
constexpr int native_lanes = 8;
#else
constexpr int native_lanes = 4;
#endif

/// Into a register, for several uses. GCC 12 may read memory again for each of them, which costs a product of few
/// pixels a third of its speed.
template <class Vector>
[[gnu::always_inline]] inline Vector load_register(const void* from) {
  auto v = load_lanes<Vector>(from);
#if defined(__x86_64__)
  if constexpr (sizeof(Vector) <= native_lanes * sizeof(float)) asm("" : "+v"(v));
#endif
  return v;
}

/// Calls body(std::integral_constant<int, lanes>) with the widest vector of the processor's of which `count` neighbours
/// fill at least one.
template <class Body>
void with_lanes(int64_t count, const Body& body) {
  if constexpr (native_lanes >= 16)
    if (count >= 16) return body(std::integral_constant<int, 16>{});
  if constexpr (native_lanes >= 8)
    if (count >= 8) return body(std::integral_constant<int, 8>{});
  if (count >= 4) return body(std::integral_constant<int, 4>{});
  body(std::integral_constant<int, 1>{});
}

/// Calls body(first) for vectors that together cover [0, count). Where `lanes` is no divisor of it, the last vector
/// overlaps the one before, which results that are overwritten bear and sums in place do not.
template <int lanes, class Body>
[[gnu::always_inline]] inline void for_each_vector(int64_t count, const Body& body) {
  for (int64_t i = 0; i < count; i += lanes) body(std::min(i, count - lanes));
}

}  // namespace convlens
