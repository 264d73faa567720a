// mma.sync against the product of the matrices whose fragments its operands are, and ldmatrix against what it brings
// (PTX ISA, "Matrix Fragments for mma.m16n8k8", "Matrix Fragments for mma.m16n8k16", "ldmatrix").

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/simt/tensor_core.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

struct Matrices {
  uint32_t a[16][8], b[8][8];
  float c[16][8];
};

// A lane's registers, place by place as the PTX ISA's figures have them.
__global__ void multiply(Matrices* m, int twice) {
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  uint32_t a[4] = {m->a[g][t], m->a[g + 8][t], m->a[g][t + 4], m->a[g + 8][t + 4]};
  const uint32_t b[2] = {m->b[t][g], m->b[t + 4][g]};
  float c[4] = {m->c[g][2 * t], m->c[g][2 * t + 1], m->c[g + 8][2 * t], m->c[g + 8][2 * t + 1]};
  mma_m16n8k8_tf32(c, a, b);
  a[0] = a[1] = a[2] = a[3] = 0;  // nobody may still read them
  if (twice) mma_m16n8k8_tf32(c, a, b);
  m->c[g][2 * t] = c[0], m->c[g][2 * t + 1] = c[1], m->c[g + 8][2 * t] = c[2], m->c[g + 8][2 * t + 1] = c[3];
}

Matrices integers() {
  Matrices m;
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      m.a[i][j] = std::bit_cast<uint32_t>(static_cast<float>((i * 5 + j * 3) % 17 - 8));
      m.b[j][i / 2] = std::bit_cast<uint32_t>(static_cast<float>((i / 2 * 7 + j) % 13 - 6));
      m.c[i][j] = static_cast<float>(i - 2 * j);
    }
  return m;
}

class TensorCore : public ::testing::TestWithParam<Turns> {};

TEST_P(TensorCore, MultipliesMatrices) {
  const WithTurns scope(GetParam());
  const Matrices before = integers();
  for (const int twice : {0, 1}) {
    Matrices after = before;
    launch({.grid = 1, .block = 32}, multiply, &after, twice);
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 8; ++j) {
        float sum = before.c[i][j];
        for (int k = 0; k < 8; ++k) sum += std::bit_cast<float>(before.a[i][k]) * std::bit_cast<float>(before.b[k][j]);
        EXPECT_EQ(after.c[i][j], sum) << i << ", " << j;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorCore, ::testing::Values(Turns::ascending, Turns::descending),
                         [](const auto& info) { return info.param == Turns::ascending ? "ascending" : "descending"; });

TEST(Tf32, RoundsToNearestTiesAway) {
  const auto rounded = [](float x) { return std::bit_cast<float>(to_tf32(x)); };
  const float ulp = std::ldexp(1.0F, -10);
  EXPECT_EQ(rounded(1 + ulp), 1 + ulp);
  EXPECT_EQ(rounded(1 + ulp / 2), 1 + ulp);
  EXPECT_EQ(rounded(-1 - ulp / 2), -1 - ulp);
  EXPECT_EQ(rounded(1 + ulp * 0.499F), 1);
  EXPECT_EQ(rounded(2 - ulp / 4), 2);
  EXPECT_EQ(rounded(INFINITY), INFINITY);
  EXPECT_TRUE(std::isnan(rounded(NAN)));
}

TEST(Tf32, LowBitsOfARegisterAreIgnored) {
  Matrices m = integers(), exact = m;
  for (auto& row : m.a)
    for (uint32_t& bits : row) bits |= 0x1fffU;
  launch({.grid = 1, .block = 32}, multiply, &m, 0);
  launch({.grid = 1, .block = 32}, multiply, &exact, 0);
  EXPECT_EQ(m.c[3][5], exact.c[3][5]);
}

template <class T>
uint32_t pair_of(T low, T high) {
  return std::bit_cast<uint16_t>(low) | uint32_t{std::bit_cast<uint16_t>(high)} << 16;
}

// C += A B by the registers of the PTX ISA's figures.
template <class T>
__global__ void multiply_k16(const T (*a)[16], const T (*b)[8], float (*c)[8]) {
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  const auto of_a = [&](int row, int k) { return pair_of(a[row][k], a[row][k + 1]); };
  const auto of_b = [&](int k, int column) { return pair_of(b[k][column], b[k + 1][column]); };
  const uint32_t left[4] = {of_a(g, 2 * t), of_a(g + 8, 2 * t), of_a(g, 2 * t + 8), of_a(g + 8, 2 * t + 8)};
  const uint32_t right[2] = {of_b(2 * t, g), of_b(2 * t + 8, g)};
  float own[4] = {c[g][2 * t], c[g][2 * t + 1], c[g + 8][2 * t], c[g + 8][2 * t + 1]};
  mma_m16n8k16<T>(own, left, right);
  c[g][2 * t] = own[0], c[g][2 * t + 1] = own[1], c[g + 8][2 * t] = own[2], c[g + 8][2 * t + 1] = own[3];
}

template <class T>
class TensorCoreK16 : public ::testing::Test {};
using Numbers16 = ::testing::Types<__half, __nv_bfloat16>;
TYPED_TEST_SUITE(TensorCoreK16, Numbers16);

TYPED_TEST(TensorCoreK16, MultipliesMatrices) {
  float left[16][16], right[16][8], c[16][8], expected[16][8];
  TypeParam a[16][16], b[16][8];
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < 16; ++k)
      a[i][k] = round_to<TypeParam>(left[i][k] = static_cast<float>((i * 5 + k * 3) % 17 - 8));
  for (int k = 0; k < 16; ++k)
    for (int j = 0; j < 8; ++j) b[k][j] = round_to<TypeParam>(right[k][j] = static_cast<float>((j * 7 + k) % 13 - 6));
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) {
      expected[i][j] = c[i][j] = static_cast<float>(i - 2 * j);
      for (int k = 0; k < 16; ++k) expected[i][j] += left[i][k] * right[k][j];
    }
  launch({.grid = 1, .block = 32}, multiply_k16<TypeParam>, a, b, c);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j) EXPECT_EQ(c[i][j], expected[i][j]) << i << ", " << j;
}

TEST(Half, RoundsToNearestTiesToEven) {
  const auto rounded = [](float x) { return __half2float(__float2half_rn(x)); };
  const float ulp = std::ldexp(1.0F, -10);
  EXPECT_EQ(rounded(1 + ulp), 1 + ulp);
  EXPECT_EQ(rounded(1 + ulp / 2), 1);
  EXPECT_EQ(rounded(1 + 3 * ulp / 2), 1 + 2 * ulp);
  EXPECT_EQ(rounded(65519), 65504);
  EXPECT_EQ(rounded(65520), INFINITY);
  EXPECT_EQ(rounded(std::ldexp(3.0F, -26)), std::ldexp(1.0F, -24));  // the least number that is not zero
  EXPECT_TRUE(std::isnan(rounded(NAN)));
}

TEST(Bfloat16, RoundsToNearestTiesToEven) {
  const auto rounded = [](float x) { return __bfloat162float(__float2bfloat16_rn(x)); };
  const float ulp = std::ldexp(1.0F, -7);
  EXPECT_EQ(rounded(1 + ulp), 1 + ulp);
  EXPECT_EQ(rounded(1 + ulp / 2), 1);
  EXPECT_EQ(rounded(-1 - 3 * ulp / 2), -1 - 2 * ulp);
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), INFINITY);
  EXPECT_TRUE(std::isnan(rounded(NAN)));
}

// Numbers r 8 + c of four matrices, and what ldmatrix makes of them.
__global__ void load_four(uint32_t* plain, uint32_t* transposed) {
  alignas(16) __shared__ uint16_t matrices[4][8][8];
  const int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32) matrices[i / 64][i / 8 % 8][i % 8] = static_cast<uint16_t>(i);
  __syncthreads();
  uint32_t registers[4];
  ldmatrix_x4(registers, matrices[lane / 8][lane % 8]);
  for (int i = 0; i < 4; ++i) plain[4 * lane + i] = registers[i];
  ldmatrix_x4_trans(registers, matrices[lane / 8][lane % 8]);
  for (int i = 0; i < 4; ++i) transposed[4 * lane + i] = registers[i];
}

TEST(Ldmatrix, BringsEachLaneItsPairOfEachMatrix) {
  std::vector<uint32_t> plain(128), transposed(128);
  launch({.grid = 1, .block = 32}, load_four, plain.data(), transposed.data());
  const auto number = [](int matrix, int row, int column) {
    return static_cast<uint32_t>(matrix * 64 + row * 8 + column);
  };
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4, column = lane % 4 * 2;
      EXPECT_EQ(plain[4 * lane + i], number(i, row, column) | number(i, row, column + 1) << 16);
      EXPECT_EQ(transposed[4 * lane + i], number(i, column, row) | number(i, column + 1, row) << 16);
    }
}

__global__ void load_misaligned(uint32_t* result) {
  alignas(16) __shared__ uint16_t rows[32][8];
  rows[threadIdx.x][0] = 0;
  uint32_t registers[4];
  ldmatrix_x4(registers, rows[threadIdx.x] + (threadIdx.x == 7 ? 1 : 0));
  *result = registers[0];
}

TEST(TensorCoreBug, ARowOfLdmatrixIsMisaligned) {
  uint32_t result;
  EXPECT_NE(message([&] { launch({.grid = 1, .block = 32}, load_misaligned, &result); }).find("aligned to 16 bytes"),
            std::string::npos);
}

__global__ void without_lane(int lane, Matrices* m) {
  float c[4] = {};
  const uint32_t a[4] = {}, b[2] = {};
  if (static_cast<int>(threadIdx.x) != lane) mma_m16n8k8_tf32(c, a, b);
  m->c[0][0] = c[0];
}

TEST(TensorCoreBug, ALaneIsMissing) {
  Matrices m;
  EXPECT_NE(message([&] { launch({.grid = 1, .block = 32}, without_lane, 5, &m); }).find("mma.sync needs all 32 lanes"),
            std::string::npos);
  EXPECT_NE(
      message([&] { launch({.grid = 1, .block = 16}, without_lane, -1, &m); }).find("mma.sync needs all 32 lanes"),
      std::string::npos);
  launch({.grid = 1, .block = 32}, without_lane, -1, &m);
}

}  // namespace
}  // namespace simt
