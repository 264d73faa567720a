#pragma once

#include "kernels/base/instance_statistics.h"
#include "kernels/base/operator.h"

namespace convlens {

/// AdaIN (Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization", 2017,
/// equation 8): the content with the style's mean and standard deviation, channel by channel. Inputs: content N x C x H
/// x W, style N x C x any height x any width. Standard deviations are those of instance_statistics, sqrt(variance +
/// eps), with variances divided by P - correction. Saved: InstanceStatistics of the content's channels, then of the
/// style's.
struct AdaptiveInstanceNormParams final : Params {
  double eps = 1e-5;
  int64_t correction = 1;

  void describe(ParamVisitor& v) override;
};

/// How the standard deviation of input 0, the content, or 1, the style, is told by what is saved.
CorrectedStd adaptive_std(const Problem& problem, size_t input);

}  // namespace convlens
