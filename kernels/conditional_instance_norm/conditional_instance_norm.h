#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// Instance norm whose scale and shift are mixed from those of S styles (Dumoulin, Shlens and Kudlur, "A Learned
/// Representation For Artistic Style", 2017). Inputs: features N x C x H x W and the styles' shares N x S x 1 x 1.
/// gamma[n,c] = sum over s of share[n,s] weight[s,c]; beta likewise with bias; y = gamma xhat + beta, where xhat is x
/// normalized by its image's channel. Weights: "weight" and "bias", each S x C. What the forward pass saves is
/// described in kernels/base/instance_statistics.h.
struct ConditionalInstanceNormParams final : Params {
  int64_t styles = 0;
  double eps = 1e-5;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens
