#pragma once

#include "kernels/base/operator.h"
#include "kernels/base/window.h"

namespace convlens {

/// Transposed convolution as in PyTorch: every input element adds a filter times itself to the output, so that forward
/// is what backward_data is to conv2d. Weights: "weight" C x out_channels/groups x kh x kw, and "bias" out_channels if
/// `bias`. Output height: (H - 1) stride - top - bottom + dilation (kh - 1) + output_padding + 1.
struct ConvTranspose2dParams final : Params {
  int64_t out_channels = 0;
  Window window;
  Pair output_padding{0, 0};
  int64_t groups = 1;
  bool bias = true;

  void describe(ParamVisitor& v) override;
};

/// All sizes, as those of the convolution that this one is the transpose of: its output is our input.
struct ConvTranspose2dSizes {
  explicit ConvTranspose2dSizes(const Problem& problem);
  int64_t batch, in_channels, out_channels, groups;
  int64_t group_in, group_out;  ///< channels of one group
  WindowAxis y, x;  ///< `input` and `output` are ours; output index = input index * stride - before + tap * dilation
};

/// axis 0: height, 1: width. Throws InputError where the output would be empty.
WindowAxis transposed_axis(const ConvTranspose2dParams& params, int axis, int64_t input);

}  // namespace convlens
