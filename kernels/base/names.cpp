#include "kernels/base/names.h"

#include <algorithm>
#include <numeric>

namespace convlens {
namespace {

// Levenshtein distance by the two-row dynamic programme.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates) {
  std::vector<std::pair<size_t, std::string>> scored;
  for (const auto& candidate : candidates) scored.emplace_back(edit_distance(name, candidate), candidate);
  std::ranges::stable_sort(scored, {}, [](const auto& s) { return s.first; });
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min<size_t>(3, scored.size()); ++i) nearest.push_back(scored[i].second);
  return nearest;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  std::string text;
  for (const auto& candidate : nearest_names(name, candidates)) text += (text.empty() ? "'" : ", '") + candidate + "'";
  return text.empty() ? "" : "; the nearest are " + text;
}

}  // namespace convlens
