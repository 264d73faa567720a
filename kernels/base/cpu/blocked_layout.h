#pragma once

#include "kernels/base/tensor.h"

namespace convlens {

/// The blocked layout that fills this processor's vectors: nchw16c with AVX-512, else nchw8c.
Layout cpu_blocked_layout();

}  // namespace convlens
