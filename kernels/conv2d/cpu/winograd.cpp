#include "kernels/conv2d/cpu/winograd.h"

namespace convlens {

int winograd_priority() { return blocked_lanes_are_native() ? 35 : 15; }

Variant also_refuses(Variant variant, std::optional<std::string> (*reason_against)(const Problem&)) {
  variant.refuses = [first = variant.refuses, reason_against](const Problem& problem) {
    const auto reason = first(problem);
    return reason ? reason : reason_against(problem);
  };
  return variant;
}

std::optional<std::string> winograd_refuses(const Problem& problem, int64_t taps) {
  constexpr int64_t fewest_channels = 16;
  const Conv2dSizes s(problem);
  for (const WindowAxis& axis : {s.y, s.x})
    if (axis.kernel != taps || axis.stride != 1 || axis.dilation != 1)
      return "needs " + std::to_string(taps) + " x " + std::to_string(taps) + " windows, stride 1, dilation 1";
  if (s.groups != 1) return "needs one group";
  if (std::min(s.in_channels, s.out_channels) < fewest_channels) return "is slower than the direct one on few channels";
  return refuses_layouts(problem, cpu_blocked_layouts(problem));
}

}  // namespace convlens
