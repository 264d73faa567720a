#pragma once

#include <bit>

#include "kernels/simt/emulator/block.h"
#include "kernels/simt/emulator/half.h"

/// Products of small matrices by a warp together, and the loads that feed them (PTX ISA, "Warp Level Matrix
/// Instructions"). To be called by all lanes of a warp.

namespace simt {

/// Rounds to TF32, 8 bits of exponent and 10 of mantissa: to nearest, ties away from zero (cvt.rna.tf32.f32).
inline uint32_t to_tf32(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const bool finite = (bits & 0x7f800000U) != 0x7f800000U;
  return finite ? (bits + 0x1000U) & ~0x1fffU : bits;
}

/// What the unit sees in a register of TF32: the low 13 bits are ignored.
struct Tf32 {
  static constexpr int per_register = 1;
  static float value(uint32_t bits, int /*part*/) { return std::bit_cast<float>(bits & ~0x1fffU); }
};

/// In a register of two numbers of 16 bits: the first is in the low half.
template <class T>
struct Packed {
  static constexpr int per_register = 2;
  static float value(uint32_t bits, int part) {
    const auto own = static_cast<uint16_t>(bits >> 16 * part);
    if constexpr (std::is_same_v<T, __half>)
      return __half2float(std::bit_cast<__half>(own));
    else
      return __bfloat162float(std::bit_cast<__nv_bfloat16>(own));
  }
};

/// What each lane of a warp hands to the others. `exchange(what, own, use, where)` calls use(of), where of(lane) is
/// that lane's object; nobody goes on, and changes its own, while others still read it.
template <class T, class Use>
void exchange(const char* what, const T& own, const Use& use, std::source_location where) {
  constexpr uint32_t all_lanes = 0xffffffffU;
  Block& block = *this_thread().block;
  Meeting& meeting = block.meet(what, all_lanes, reinterpret_cast<uint64_t>(&own), where);
  if (meeting.came != all_lanes) block.fail(std::string(what) + " needs all 32 lanes of its warp", where);
  use([&](int lane) -> const T& { return *reinterpret_cast<const T*>(meeting.values[lane]); });
  block.leave(meeting);
  block.leave(block.meet(what, all_lanes, 0, where));
}

/// One lane's registers of the operands.
struct MmaOperands {
  const uint32_t *a, *b;
};

/// D = A B + C for A of 16 x k and B of k x 8, k = 8 * per_register, and C of 16 x 8 in f32, where the lanes' registers
/// hold them as mma.sync.aligned does. With g = lane / 4, t = lane % 4 and numbers of p a register:
///   a[i]: row g + 8 (i % 2), columns p t + 4 p (i / 2) and, for p = 2, the next;
///   b[i]: rows p t + 4 p i and the next, column g;   c[i]: row g + 8 (i / 2), column 2 t + i % 2.
/// The emulator sums in double and rounds once; hardware rounds as it goes.
template <class Format>
void mma(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], std::source_location where) {
  constexpr int p = Format::per_register;
  float results[4];
  exchange(
      "mma.sync", MmaOperands{a, b},
      [&](const auto& of) {
        const auto a_at = [&](int row, int k) {
          return Format::value(of(row % 8 * 4 + k % (4 * p) / p).a[row / 8 + k / (4 * p) * 2], k % p);
        };
        const auto b_at = [&](int k, int column) {
          return Format::value(of(column * 4 + k % (4 * p) / p).b[k / (4 * p)], k % p);
        };
        const int g = this_thread().lane() / 4, t = this_thread().lane() % 4;
        for (int i = 0; i < 4; ++i) {
          double sum = c[i];
          for (int k = 0; k < 8 * p; ++k) sum += double{a_at(g + 8 * (i / 2), k)} * b_at(k, 2 * t + i % 2);
          results[i] = static_cast<float>(sum);
        }
      },
      where);
  for (int i = 0; i < 4; ++i) c[i] = results[i];
}

inline void mma_m16n8k8_tf32(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                             std::source_location where = std::source_location::current()) {
  mma<Tf32>(c, a, b, where);
}

/// For T = __half or __nv_bfloat16.
template <class T>
void mma_m16n8k16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                  std::source_location where = std::source_location::current()) {
  mma<Packed<T>>(c, a, b, where);
}

/// Where in a matrix of ldmatrix a lane's first and second number lie.
struct MatrixPlaces {
  int row[2], column[2];
};

/// ldmatrix, for whichever numbers a lane gets of each matrix.
void load_matrices(uint32_t (&registers)[4], const void* row, const MatrixPlaces& places, std::source_location where);

/// ldmatrix.sync.aligned.m8n8.x4.shared.b16: four matrices of 8 x 8 numbers of 16 bits. Lane 8 i + j names row j of
/// matrix i, 16 bytes. Register i gets, of matrix i, row lane / 4 and columns 2 (lane % 4) and the next.
inline void ldmatrix_x4(uint32_t (&registers)[4], const void* row,
                        std::source_location where = std::source_location::current()) {
  const int a = this_thread().lane() / 4, b = this_thread().lane() % 4 * 2;
  load_matrices(registers, row, {.row = {a, a}, .column = {b, b + 1}}, where);
}

/// The same with each matrix transposed (.trans).
inline void ldmatrix_x4_trans(uint32_t (&registers)[4], const void* row,
                              std::source_location where = std::source_location::current()) {
  const int a = this_thread().lane() / 4, b = this_thread().lane() % 4 * 2;
  load_matrices(registers, row, {.row = {b, b + 1}, .column = {a, a}}, where);
}

}  // namespace simt
