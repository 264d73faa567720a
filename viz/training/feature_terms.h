#pragma once

#include <map>
#include <string>
#include <vector>

#include "viz/optimisation/graph_builder.h"
#include "viz/optimisation/objective.h"

namespace convlens::viz {

/// What a training makes small, built behind a graph's layers: means of squares over a picture's elements, times their
/// weights and averaged over the batch.
class FeatureTerms {
 public:
  FeatureTerms(GraphBuilder& graph, int64_t batch) : graph_(graph), batch_(static_cast<double>(batch)) {}

  /// Of a layer's differences from another one of the same shape, of which a picture's is `shape`.
  void add_distance(const std::string& name, const std::string& layer, const std::string& target, const Shape& shape,
                    double weight);
  /// Of the sums of layers.
  void add_squares(const std::string& name, const std::vector<std::string>& summands, const Shape& shape,
                   double weight);
  /// Of the differences of neighbouring pixels.
  void add_variation(const std::string& picture, const Shape& shape, double weight);

  const std::vector<Term>& terms() const { return terms_; }  ///< at layers N x 1 x 1 x 1

 private:
  void add_term(const std::string& name, double weight);

  GraphBuilder& graph_;
  double batch_;
  std::vector<Term> terms_;
};

/// What layers of a network make of a picture of size x size pixels. Throws InputError with the nearest names where
/// there is no such layer.
std::map<std::string, Shape> feature_shapes(const Model& network, const std::vector<std::string>& layers, int64_t size);

}  // namespace convlens::viz
