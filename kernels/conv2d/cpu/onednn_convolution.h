#pragma once

#include "kernels/base/cpu/onednn.h"
#include "kernels/base/registry.h"

namespace convlens {

/// oneDNN's convolution with the algorithm named, as a variant of the pass named. It works in the channel-blocked layout,
/// except that an image of up to four channels stays NCHW.
Variant onednn_convolution(std::string name, dnnl::algorithm algorithm, Pass pass, int priority);

}  // namespace convlens
