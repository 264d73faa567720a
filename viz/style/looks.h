#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/style/style_network.h"

namespace convlens::viz {

/// One way in which a network paints.
struct Look {
  std::string name;  ///< as the name of a file
  std::string text;  ///< for people
  StyleShares shares;
};

/// Style number `style` alone. Throws InputError when the network has none of that number.
Look one_style(const StyleNetwork& network, int64_t style);

/// Without weights a look for each of `styles`, by default the network's first. With as many weights as styles their
/// blend: shares are the weights divided by their sum, so that scale and shift of each norm are weighted means. Throws
/// InputError naming the key that does not fit.
std::vector<Look> looks(const StyleNetwork& network, const std::vector<int64_t>& styles,
                        const std::vector<double>& weights);

}  // namespace convlens::viz
