#pragma once

#include <string>
#include <vector>

#include "kernels/base/params.h"
#include "viz/style/picture_network.h"

namespace convlens::viz {

/// Which Gram matrices are to be those of a picture's, and how much that counts.
struct GramKeys final : Params {
  std::vector<std::string> layers{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};
  double weight = 100;
  std::string divisor = "chw";

  void describe(ParamVisitor& v) override;
  /// `targets` by layer, 1 x C x C.
  void add_terms(PictureNetwork& network, const std::vector<Array>& targets) const;
  /// In the region of a mask, as one of several goals: "style NAME LAYER".
  void add_guided_terms(PictureNetwork& network, const std::string& name, const Image& mask,
                        const std::vector<Array>& targets, double share) const;
  /// Of the right shapes, for a plan.
  std::vector<Array> blank_targets(const PictureNetwork& network) const;
};

/// How smooth the picture is to be.
struct VariationKeys final : Params {
  explicit VariationKeys(double default_weight) : weight(default_weight) {}

  std::string norm = "l2";
  double beta = 2, weight;

  void describe(ParamVisitor& v) override;
  void add_term(PictureNetwork& network) const { network.add_variation("variation", norm, beta, weight); }
};

}  // namespace convlens::viz
