#pragma once

#include <optional>
#include <string>

#include "kernels/base/variant.h"

namespace convlens {

/// The blocked layout that fills this processor's vectors: nchw16c with AVX-512, else nchw8c.
Layout cpu_blocked_layout();

/// The same for input and output, as Variant::layouts.
IoLayout cpu_blocked_layouts(const Problem& problem);

/// Why a variant that takes and gives these alone cannot do a problem, or nothing.
std::optional<std::string> refuses_layouts(const Problem& problem, const IoLayout& wanted);

}  // namespace convlens
