#include "viz/class_names.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/params.h"

namespace convlens::viz {

std::string class_name(const Model& model, int64_t index) {
  const auto i = static_cast<size_t>(index);
  return i < model.classes.size() ? model.classes[i] : "class " + std::to_string(index);
}

std::vector<double> softmax(std::span<const float> scores) {
  const double highest = std::ranges::max(scores);  // so that nothing overflows
  std::vector<double> probabilities;
  double sum = 0;
  for (const float score : scores) sum += probabilities.emplace_back(std::exp(score - highest));
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

std::vector<ClassScore> ranked_classes(const Model& model, const Array& scores) {
  const Shape& s = scores.shape;
  if (s.h() != 1 || s.w() != 1)
    throw InputError("the model '" + model.name + "' is no classifier: its output is " + s.to_string() +
                     ", not N x classes x 1 x 1");
  const std::vector<double> probabilities = softmax(scores.values);
  std::vector<ClassScore> ranking;
  for (int64_t i = 0; i < s.c(); ++i) {
    const auto k = static_cast<size_t>(i);
    ranking.push_back({i, class_name(model, i), probabilities[k], scores.values[k]});
  }
  std::ranges::stable_sort(ranking, std::ranges::greater{}, &ClassScore::score);
  return ranking;
}

int64_t find_class(const Model& model, const NumberOrName& wanted, const Array& scores) {
  if (const auto* index = std::get_if<int64_t>(&wanted)) {
    if (*index < 0 || *index >= scores.shape.c())
      throw InputError("the model '" + model.name + "' has the classes 0 to " + std::to_string(scores.shape.c() - 1) +
                       ", so 'class' cannot be " + std::to_string(*index));
    return *index;
  }
  const auto& name = std::get<std::string>(wanted);
  if (name.empty()) return ranked_classes(model, scores)[0].index;
  auto found = std::ranges::find(model.classes, name);
  if (found == model.classes.end())
    found = std::ranges::find_if(model.classes, [&](const std::string& c) { return c.starts_with(name); });
  if (found == model.classes.end())
    throw InputError("the model '" + model.name + "' has no class '" + name + "'" + did_you_mean(name, model.classes));
  return found - model.classes.begin();
}

}  // namespace convlens::viz
