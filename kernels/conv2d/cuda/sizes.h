#pragma once

#include "kernels/base/cuda/convolution_operands.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {

/// Of a problem of this operator.
inline ConvSizes conv_sizes(const Problem& problem) {
  const Conv2dSizes s(problem);
  const auto i = [](int64_t value) { return static_cast<int>(value); };
  return {.batch = i(s.batch),
          .in_channels = i(s.in_channels),
          .out_channels = i(s.out_channels),
          .group_in = i(s.group_in),
          .group_out = i(s.group_out),
          .height = i(s.y.input),
          .width = i(s.x.input),
          .out_height = i(s.y.output),
          .out_width = i(s.x.output),
          .kernel_height = i(s.y.kernel),
          .kernel_width = i(s.x.kernel),
          .stride_y = i(s.y.stride),
          .stride_x = i(s.x.stride),
          .pad_top = i(s.y.before),
          .pad_left = i(s.x.before),
          .dilation_y = i(s.y.dilation),
          .dilation_x = i(s.x.dilation)};
}

/// Why kernels that take a tile's halo once cannot do a problem, or nothing.
inline std::optional<std::string> refuses_as_halo(const ConvSizes& s) {
  if (s.kernel_height != 3 || s.kernel_width != 3) return "needs 3 x 3 windows";
  if (s.stride_y != 1 || s.stride_x != 1) return "needs stride 1";
  if (s.dilation_y != 1 || s.dilation_x != 1) return "needs dilation 1";
  if (s.group_in != s.in_channels) return "needs one group";
  return std::nullopt;
}

}  // namespace convlens
