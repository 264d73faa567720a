// Vectors of every width that a processor may have, against the definition of the three modes.

#include "kernels/base/cpu/relu_mask.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace convlens::test {
namespace {

constexpr int64_t count = 64;

template <class Width>
class ReluMaskOf : public ::testing::Test {};
using Widths = ::testing::Types<std::integral_constant<int, 1>, std::integral_constant<int, 4>,
                                std::integral_constant<int, 8>, std::integral_constant<int, 16>>;
TYPED_TEST_SUITE(ReluMaskOf, Widths);

TYPED_TEST(ReluMaskOf, PassesWhatItsModeLets) {
  constexpr int lanes = TypeParam::value;
  std::array<std::byte, count / 8> bits;
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::byte>(37 * i + 90);
  for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided, BackwardMode::deconvnet}) {
    const ReluMask<lanes> masked(bits.data(), mode);
    for (int64_t element = 0; element < count; element += lanes) {
      FloatLanes<lanes> gradient;
      for (int i = 0; i < lanes; ++i) gradient[i] = static_cast<float>((element + i) * 5 % 7 - 3);
      const FloatLanes<lanes> passed = masked(gradient, element);
      for (int i = 0; i < lanes; ++i) {
        const int64_t e = element + i;
        const bool on = (std::to_integer<int>(bits[static_cast<size_t>(e / 8)]) >> e % 8 & 1) != 0;
        const bool lets =
            (on || mode == BackwardMode::deconvnet) && (gradient[i] > 0 || mode == BackwardMode::standard);
        EXPECT_EQ(passed[i], lets ? gradient[i] : 0) << to_string(mode) << ", element " << e;
      }
    }
  }
}

TYPED_TEST(ReluMaskOf, DoesNotLoseANaN) {
  const std::array bits{std::byte{0xff}, std::byte{0xff}};
  for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided, BackwardMode::deconvnet}) {
    const ReluMask<TypeParam::value> masked(bits.data(), mode);
    EXPECT_TRUE(std::isnan(masked(FloatLanes<TypeParam::value>{} + NAN, 0)[0])) << to_string(mode);
  }
}

}  // namespace
}  // namespace convlens::test
