#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convlens {

/// The candidates most alike to a misspelt name (by edit distance, best first, at most three).
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates);

/// "; the nearest are 'a', 'b'", or "" when there is no candidate: the end of an error message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace convlens
