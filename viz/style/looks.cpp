#include "viz/style/looks.h"

#include <algorithm>
#include <numeric>

#include "kernels/base/error.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

void require_style(const StyleNetwork& network, int64_t style) {
  if (style < 0 || style >= network.styles())
    throw InputError("'styles' must be from 0 to " + std::to_string(network.styles() - 1) + " for the network '" +
                     network.model().name + "', found " + std::to_string(style));
}

Look blend(const StyleNetwork& network, const std::vector<int64_t>& styles, const std::vector<double>& weights) {
  if (styles.size() != weights.size())
    throw InputError("'weights' must be as many as 'styles', " + std::to_string(styles.size()) + ", found " +
                     std::to_string(weights.size()));
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0)) throw InputError("'weights' must have a sum above 0, found " + fixed(sum, 3));
  Look look{.name = "blend", .text = "a blend:", .shares = StyleShares(static_cast<size_t>(network.styles()))};
  for (size_t i = 0; i < styles.size(); ++i) {
    require_style(network, styles[i]);
    look.shares[static_cast<size_t>(styles[i])] += static_cast<float>(weights[i] / sum);
    look.text += (i ? ", " : " ") + percent(weights[i] / sum) + " of style " + std::to_string(styles[i]);
  }
  return look;
}

}  // namespace

Look one_style(const StyleNetwork& network, int64_t style) {
  require_style(network, style);
  if (network.styles() == 1) return {.name = "painted", .text = "painted by " + network.model().name, .shares = {1}};
  const std::string number = std::to_string(style);
  Look look{.name = "style_" + number,
            .text = "style " + number,
            .shares = StyleShares(static_cast<size_t>(network.styles()))};
  look.shares[static_cast<size_t>(style)] = 1;
  return look;
}

std::vector<Look> looks(const StyleNetwork& network, const std::vector<int64_t>& styles,
                        const std::vector<double>& weights) {
  if (!weights.empty()) return {blend(network, styles, weights)};
  if (styles.empty()) return {one_style(network, 0)};
  std::vector<Look> list;
  for (const int64_t style : styles) {
    list.push_back(one_style(network, style));
    if (std::ranges::count(styles, style) > 1)
      throw InputError("'styles' has style " + std::to_string(style) + " twice");
  }
  return list;
}

}  // namespace convlens::viz
