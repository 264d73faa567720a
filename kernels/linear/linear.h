#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// y = W x + b for each image, its C x H x W elements taken as one vector in that order. The output is
/// N x out_features x 1 x 1. Weights: "weight" O x (C*H*W), and "bias" O if `bias`.
struct LinearParams final : Params {
  int64_t out_features = 0;
  bool bias = true;

  void describe(ParamVisitor& v) override;
};

/// The sizes of a problem, and the distance in memory from one image's vector to the next.
struct LinearSizes {
  explicit LinearSizes(const Problem& problem);
  int64_t batch, in_features, out_features;
  int64_t input_step, output_step;
};

/// The vectors lie in C, H, W order in NCHW, and in every layout where H = W = 1.
bool linear_order(const TensorDesc& input);
/// What a variant that reads such vectors wants: the layout that is there if it does, else NCHW.
IoLayout linear_layouts(const Problem& problem);
std::optional<std::string> refuses_linear_order(const Problem& problem);

}  // namespace convlens
