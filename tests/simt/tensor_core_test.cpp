// mma.sync against the product of the matrices whose fragments its operands are (PTX ISA, "Matrix Fragments for
// mma.m16n8k8").

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/simt/simt.h"
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
