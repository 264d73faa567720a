#pragma once

#include "kernels/base/operator.h"

namespace convlens {

/// Local response normalization across channels (Krizhevsky et al. 2012), with PyTorch's scaling:
/// y_c = x_c / (k + alpha / size * sum of x_i^2)^beta over the channels i from c - size / 2 to c + (size - 1) / 2.
struct LrnParams final : Params {
  int64_t size = 0;
  double alpha = 1e-4, beta = 0.75, k = 1;

  void describe(ParamVisitor& v) override;

  int64_t before() const { return size / 2; }
  int64_t after() const { return (size - 1) / 2; }
};

}  // namespace convlens
