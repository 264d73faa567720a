#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// Variant::layouts of a kernel that takes and gives plain tensors.
inline IoLayout in_nchw(const Problem&) { return {Layout::nchw, Layout::nchw}; }

}  // namespace convlens
