#include "viz/byte_size.h"

#include <cmath>
#include <map>
#include <sstream>

#include "kernels/base/error.h"

namespace convlens::viz {

size_t parse_byte_size(const std::string& key, const std::string& text) {
  static const std::map<std::string, double> units{{"B", 1},
                                                   {"kB", 1e3},
                                                   {"MB", 1e6},
                                                   {"GB", 1e9},
                                                   {"KiB", 1024},
                                                   {"MiB", 1024.0 * 1024},
                                                   {"GiB", 1024.0 * 1024 * 1024}};
  std::istringstream stream(text);
  double number = 0;
  std::string unit, rest;
  stream >> number >> unit;
  const auto found = units.find(unit);
  if (!stream || stream >> rest || found == units.end() || !(number > 0) || number * found->second > 1e18)
    throw InputError("'" + key + "' must be a number with its unit, such as \"4GB\" or \"512MiB\", found \"" + text +
                     "\"");
  return static_cast<size_t>(std::floor(number * found->second));
}

}  // namespace convlens::viz
