#pragma once

#include <vector>

#include "viz/attribution/method.h"

namespace convlens::viz {

/// The class's probability after 0, 1, .. `steps` equal parts of the pixels were inserted or deleted.
struct CausalCurves {
  std::vector<double> insertion, deletion;
};

/// Judges a map by what the network makes of its pixels, the most important first (Petsiuk, Das and Saenko, "RISE",
/// 2018): *inserted* into a blurred photo (Gaussian, sigma 5 at 224 pixels and in proportion) the probability should
/// rise early, *deleted* from the photo (the input tensor's 0: the mean colour of models that subtract one) it should
/// fall early. Both make pictures that no network was trained on.
class InsertionDeletion {
 public:
  InsertionDeletion(const ClassQuestion& question, int64_t steps);

  /// What the session of curves() must serve.
  static PlanRequest request(const Question& question, int64_t steps);

  /// `order`: the indices y * width + x of all pixels, the most important first.
  CausalCurves curves(const std::vector<size_t>& order, Session& session) const;

 private:
  std::vector<double> curve(const Array& from, const Array& to, const std::vector<size_t>& order,
                            Session& session) const;

  ClassQuestion question_;
  int64_t steps_;
  Array blurred_, empty_;
};

/// The pixels of a map by falling value, equal ones from top left to bottom right.
std::vector<size_t> pixels_by_importance(const Image& map);

/// The area under a curve over 0..1 by the trapezoidal rule.
double area_under(const std::vector<double>& curve);

}  // namespace convlens::viz
