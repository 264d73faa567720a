#pragma once

#include <string>

#include "kernels/base/json.h"

namespace convlens::bench {

/// Where and with what a measurement was made: processor, threads, compiler, oneDNN, date, and the load that the
/// machine had before, which should be near zero.
Json environment();

/// The same as one line, "measured on ...".
std::string to_line(const Json& environment);

}  // namespace convlens::bench
