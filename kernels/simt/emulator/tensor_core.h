#pragma once

#include <bit>

#include "kernels/simt/emulator/block.h"

/// Products of small matrices by a warp together (PTX ISA, "Warp Level Matrix Instructions").

namespace simt {

/// Rounds to TF32, 8 bits of exponent and 10 of mantissa: to nearest, ties away from zero (cvt.rna.tf32.f32).
inline uint32_t to_tf32(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const bool finite = (bits & 0x7f800000U) != 0x7f800000U;
  return finite ? (bits + 0x1000U) & ~0x1fffU : bits;
}

/// One lane's registers of the operands.
struct MmaOperands {
  const uint32_t *a, *b;
};

/// What the unit sees of a TF32 register: the low 13 bits are ignored.
inline float tf32_value(uint32_t bits) { return std::bit_cast<float>(bits & ~0x1fffU); }

/// D = A B + C for A of 16 x 8, B of 8 x 8 in TF32 and C of 16 x 8 in f32, as mma.sync.aligned.m16n8k8 has them in the
/// lanes' registers. With g = lane / 4 and t = lane % 4:
///   a[i]: row g + 8 (i % 2), column t + 4 (i / 2);   b[i]: row t + 4 i, column g;
///   c[i]: row g + 8 (i / 2), column 2 t + i % 2.
/// To be called by all lanes of a warp. The emulator sums in double and rounds once; hardware rounds as it goes.
inline void mma_m16n8k8_tf32(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                             std::source_location where = std::source_location::current()) {
  constexpr uint32_t all_lanes = 0xffffffffU;
  Block& block = *this_thread().block;
  const MmaOperands own{a, b};
  Meeting& meeting = block.meet("mma.sync", all_lanes, reinterpret_cast<uint64_t>(&own), where);
  if (meeting.came != all_lanes) block.fail("mma.sync needs all 32 lanes of its warp", where);
  const auto of = [&](int lane) { return reinterpret_cast<const MmaOperands*>(meeting.values[lane]); };
  const int g = this_thread().lane() / 4, t = this_thread().lane() % 4;
  float results[4];
  for (int i = 0; i < 4; ++i) {
    double sum = c[i];
    for (int k = 0; k < 8; ++k)
      sum += double{tf32_value(of(g * 4 + k % 4)->a[k / 4 * 2 + i / 2])} *
             tf32_value(of((2 * t + i % 2) * 4 + k % 4)->b[k / 4]);
    results[i] = static_cast<float>(sum);
  }
  block.leave(meeting);
  // Nobody goes on, and changes its registers, while others still read them.
  block.leave(block.meet("mma.sync", all_lanes, 0, where));
  for (int i = 0; i < 4; ++i) c[i] = results[i];
}

}  // namespace simt
