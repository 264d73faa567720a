#pragma once

#include <string>

namespace convlens {

/// The widest vectors that this library's own CPU kernels were compiled for: "AVX-512", "AVX2" or "baseline". An
/// installation may hold the library several times, from which the dynamic loader takes what the processor has
/// (tools/install_portable.sh).
std::string instructions();

}  // namespace convlens
