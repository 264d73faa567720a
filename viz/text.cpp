#include "viz/text.h"

#include <iomanip>
#include <sstream>

namespace convlens::viz {

std::string fixed(double value, int digits) {
  std::ostringstream stream;
  stream << std::fixed << std::setprecision(digits) << value;
  return stream.str();
}

std::string scientific(double value) {
  std::ostringstream stream;
  stream << std::scientific << std::setprecision(1) << value;
  return stream.str();
}

std::string significant(double value, int digits) {
  std::ostringstream stream;
  stream << std::setprecision(digits) << value;
  return stream.str();
}

std::string percent(double fraction) { return fixed(100 * fraction, 1) + " %"; }
std::string milliseconds(double seconds) { return fixed(1e3 * seconds, 2) + " ms"; }
std::string megabytes(size_t bytes) { return fixed(static_cast<double>(bytes) / 1e6, 1) + " MB"; }

std::string padded(const std::string& text, int width) {
  std::ostringstream stream;
  stream << (width < 0 ? std::right : std::left) << std::setw(width < 0 ? -width : width) << text;
  return stream.str();
}

}  // namespace convlens::viz
