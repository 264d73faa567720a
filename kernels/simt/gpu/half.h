#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace simt {

template <class T>
__device__ T round_to(float x);
template <>
__device__ inline __half round_to(float x) {
  return __float2half_rn(x);
}
template <>
__device__ inline __nv_bfloat16 round_to(float x) {
  return __float2bfloat16_rn(x);
}

template <class T>
__device__ uint32_t round_pair(float a, float b);
template <>
__device__ inline uint32_t round_pair<__half>(float a, float b) {
  const __half2 pair = __floats2half2_rn(a, b);
  return *reinterpret_cast<const uint32_t*>(&pair);
}
template <>
__device__ inline uint32_t round_pair<__nv_bfloat16>(float a, float b) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(a, b);
  return *reinterpret_cast<const uint32_t*>(&pair);
}

}  // namespace simt
