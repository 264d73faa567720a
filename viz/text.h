#pragma once

#include <cstddef>
#include <string>

namespace convlens::viz {

std::string percent(double fraction);                    ///< "94.6 %"
std::string milliseconds(double seconds);                ///< "12.3 ms"
std::string megabytes(size_t bytes);                     ///< "12.3 MB" (10^6)
std::string fixed(double value, int digits);             ///< "3.142"
std::string scientific(double value);                    ///< "3.1e-07"
std::string significant(double value, int digits);       ///< "1234", "0.0123", "1.2e+06": as printf's %g
std::string padded(const std::string& text, int width);  ///< with spaces on the right; on the left for a negative width

}  // namespace convlens::viz
