#pragma once

#include "kernels/base/variant.h"

namespace convlens {

/// Variant::layouts of a kernel that takes and gives plain tensors.
inline IoLayout in_nchw(const Problem&) { return {Layout::nchw, Layout::nchw}; }

/// Of one that wants the channels of a pixel side by side.
inline IoLayout in_nhwc(const Problem&) { return {Layout::nhwc, Layout::nhwc}; }

}  // namespace convlens
