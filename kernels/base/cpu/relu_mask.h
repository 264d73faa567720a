#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/base/cpu/lanes.h"
#include "kernels/base/variant.h"

namespace convlens {

/// The backward pass of a ReLU of slope 0 on vectors of a gradient, by its mask (relu_mask_bytes).
template <int lanes>
class ReluMask {
  using Lanes = FloatLanes<lanes>;
  using Taken = IntLanes<lanes>;  // -1 or 0
  using Bits = std::conditional_t<lanes == 16, uint16_t, uint8_t>;

 public:
  ReluMask(const std::byte* bits, BackwardMode mode)
      : bits_(bits),
        any_input_(Taken{} - (mode == BackwardMode::deconvnet ? 1 : 0)),
        any_gradient_(Taken{} - (mode == BackwardMode::standard ? 1 : 0)) {}

  /// Of `element`, a multiple of `lanes` in the order of memory, and its neighbours: the gradient of the ReLU's input,
  /// given that of its output.
  [[gnu::always_inline]] Lanes operator()(const Lanes& gradient, int64_t element) const {
    Bits bits;
    std::memcpy(&bits, bits_ + element / 8, sizeof bits);
    if constexpr (lanes < 8) bits >>= element % 8;
    const Taken on = (bit_ & static_cast<int32_t>(bits)) != 0;
    const Taken positive = ~(gradient <= 0.0F);  // or not a number, which passes where the ReLU is open
    return ((on | any_input_) & (positive | any_gradient_)) != 0 ? gradient : Lanes{};
  }

 private:
  const std::byte* bits_;
  Taken any_input_, any_gradient_, bit_ = bits_in_turn();

  static Taken bits_in_turn() {
    Taken bit{};
    for (int i = 0; i < lanes; ++i) bit[i] = 1 << i;
    return bit;
  }
};

}  // namespace convlens
