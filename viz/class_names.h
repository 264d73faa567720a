#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/array.h"
#include "engine/model.h"
#include "kernels/base/params.h"

namespace convlens::viz {

struct ClassScore {
  int64_t index;
  std::string name;
  double probability, score;  ///< `score`: before softmax
};

/// p_c = exp(s_c) / sum_k exp(s_k).
std::vector<double> softmax(std::span<const float> scores);

/// The classes of one image, the most probable first. `scores` is the model's output 1 x classes x 1 x 1.
std::vector<ClassScore> ranked_classes(const Model& model, const Array& scores);

/// A class's name, or its number when the model has no names.
std::string class_name(const Model& model, int64_t index);

/// The class that a key means: its number, its name (or the beginning of one), or with "" the one most probable.
/// Throws InputError with the nearest names.
int64_t find_class(const Model& model, const NumberOrName& wanted, const Array& scores);

}  // namespace convlens::viz
