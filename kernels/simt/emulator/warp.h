#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/simt/emulator/block.h"

/// Shuffles, votes and reductions of a warp (CUDA C++ Programming Guide, "Warp Shuffle Functions", "Warp Vote
/// Functions", "Warp Reduce Functions").

namespace simt {

template <class T>
uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The value of lane `source`. Throws KernelError if that lane does not take part: its value would be undefined.
template <class T>
T shuffle(const char* what, uint32_t mask, T value, int source, std::source_location where) {
  Block& block = *this_thread().block;
  Meeting& meeting = block.meet(what, mask, to_bits(value), where);
  const bool takes_part = meeting.came >> source & 1;
  const T result = from_bits<T>(meeting.values[source]);
  block.leave(meeting);
  if (!takes_part)
    block.fail(std::string(what) + " reads lane " + std::to_string(source) + ", which does not take part", where);
  return result;
}

/// combine(..) over the values of all lanes that take part, in the order of lanes.
template <class T, class Combine>
T reduce(const char* what, uint32_t mask, T value, Combine combine, std::source_location where) {
  Block& block = *this_thread().block;
  Meeting& meeting = block.meet(what, mask, to_bits(value), where);
  int lane = std::countr_zero(meeting.came);
  T result = from_bits<T>(meeting.values[lane]);
  while (++lane < warp_size)
    if (meeting.came >> lane & 1) result = combine(result, from_bits<T>(meeting.values[lane]));
  block.leave(meeting);
  return result;
}

/// Bit i: the predicate of lane i.
inline uint32_t ballot(const char* what, uint32_t mask, bool predicate, std::source_location where) {
  const uint32_t own = predicate ? 1U << this_thread().lane() : 0U;
  return reduce(
      what, mask, own, [](uint32_t a, uint32_t b) { return a | b; }, where);
}

/// The first lane of the segment of `width` lanes that holds this one.
inline int segment(int width) { return this_thread().lane() / width * width; }

}  // namespace simt

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = simt::warp_size,
              std::source_location where = std::source_location::current()) {
  return simt::shuffle("__shfl_sync()", mask, value, simt::segment(width) + (source & (width - 1)), where);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = simt::warp_size,
                 std::source_location where = std::source_location::current()) {
  const int lane = simt::this_thread().lane(), source = lane - static_cast<int>(delta);
  return simt::shuffle("__shfl_up_sync()", mask, value, source < simt::segment(width) ? lane : source, where);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = simt::warp_size,
                   std::source_location where = std::source_location::current()) {
  const int lane = simt::this_thread().lane(), source = lane + static_cast<int>(delta);
  return simt::shuffle("__shfl_down_sync()", mask, value, source >= simt::segment(width) + width ? lane : source,
                       where);
}

// A lane of an earlier segment may be read, one of a later segment gives the caller's own value.
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = simt::warp_size,
                  std::source_location where = std::source_location::current()) {
  const int lane = simt::this_thread().lane(), source = lane ^ lane_mask;
  return simt::shuffle("__shfl_xor_sync()", mask, value, source >= simt::segment(width) + width ? lane : source, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              std::source_location where = std::source_location::current()) {
  return simt::ballot("__ballot_sync()", mask, predicate != 0, where);
}
inline int __any_sync(unsigned mask, int predicate, std::source_location where = std::source_location::current()) {
  return simt::ballot("__any_sync()", mask, predicate != 0, where) != 0;
}
inline int __all_sync(unsigned mask, int predicate, std::source_location where = std::source_location::current()) {
  return simt::ballot("__all_sync()", mask, predicate == 0, where) == 0;
}

inline void __syncwarp(unsigned mask = 0xffffffffU, std::source_location where = std::source_location::current()) {
  simt::ballot("__syncwarp()", mask, false, where);
  ++simt::this_thread().warp_barriers;
}

template <class T>
T __reduce_add_sync(unsigned mask, T value, std::source_location where = std::source_location::current()) {
  return simt::reduce(
      "__reduce_add_sync()", mask, value, [](T a, T b) { return a + b; }, where);
}
template <class T>
T __reduce_min_sync(unsigned mask, T value, std::source_location where = std::source_location::current()) {
  return simt::reduce(
      "__reduce_min_sync()", mask, value, [](T a, T b) { return std::min(a, b); }, where);
}
template <class T>
T __reduce_max_sync(unsigned mask, T value, std::source_location where = std::source_location::current()) {
  return simt::reduce(
      "__reduce_max_sync()", mask, value, [](T a, T b) { return std::max(a, b); }, where);
}
