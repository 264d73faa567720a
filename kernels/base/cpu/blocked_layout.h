#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "kernels/base/variant.h"

namespace convlens {

/// The blocked layout that fills this processor's vectors: nchw16c with AVX-512 (cpu_has), else nchw8c.
Layout cpu_blocked_layout();

/// Whether its vectors fill registers that this library is compiled for. GCC keeps wider ones in memory: then oneDNN's
/// kernels, which are made for the processor at hand, are faster.
bool blocked_lanes_are_native();

/// body(std::integral_constant<int, lanes>) with the channels that lie side by side in that layout.
template <class Body>
auto with_blocked_lanes(const Body& body) {
  if (cpu_blocked_layout() == Layout::nchw16c) return body(std::integral_constant<int, 16>{});
  return body(std::integral_constant<int, 8>{});
}

/// The same for input and output, as Variant::layouts.
IoLayout cpu_blocked_layouts(const Problem& problem);

/// Why a variant that takes and gives these alone cannot do a problem, or nothing.
std::optional<std::string> refuses_layouts(const Problem& problem, const IoLayout& wanted);

}  // namespace convlens
