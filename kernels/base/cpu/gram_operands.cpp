#include "kernels/base/cpu/gram_operands.h"

namespace convlens {

GramOperands::GramOperands(const TensorDesc& f)
    : batch(f.shape.n()), channels(f.shape.c()), pixels(f.shape.h() * f.shape.w()) {
  const bool nhwc = f.layout == Layout::nhwc;
  const int64_t channel_step = nhwc ? 1 : pixels, pixel_step = nhwc ? channels : 1, image = channels * pixels;
  features = onednn_matrix({batch, channels, pixels}, {image, channel_step, pixel_step});
  transposed = onednn_matrix({batch, pixels, channels}, {image, pixel_step, channel_step});
  square = onednn_matrix({batch, channels, channels}, {channels * channels, channels, 1});
}

IoLayout gram_layouts(const Problem& problem) {
  return {problem.inputs[0].layout == Layout::nhwc ? Layout::nhwc : Layout::nchw, Layout::nchw};
}

std::optional<std::string> refuses_gram(const Problem& problem) {
  const Layout input = problem.inputs[0].layout, output = problem.output.layout;
  if (input != Layout::nchw && input != Layout::nhwc) return "needs the features in nchw or nhwc";
  if (output != Layout::nchw && output != Layout::nhwc) return "gives its result in nchw or nhwc";
  return std::nullopt;
}

}  // namespace convlens
