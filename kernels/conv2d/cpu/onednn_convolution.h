#pragma once

#include "kernels/base/cpu/onednn.h"
#include "kernels/base/registry.h"

namespace convlens {

/// oneDNN's name of what it would compute the problem with ("jit_wino_4x3:avx512_core"), or "" if it cannot. Factors
/// are rounded to `factors`, sums and results are f32.
std::string onednn_implementation(const Problem& problem, dnnl::algorithm algorithm, Pass pass,
                                  dnnl::memory::data_type factors = dnnl::memory::data_type::f32);

/// oneDNN's convolution with the algorithm named, as a variant of the pass named. It works in the channel-blocked
/// layout, except that an image of up to four channels stays NCHW; it refuses what oneDNN has only reference loops for.
Variant onednn_convolution(std::string name, dnnl::algorithm algorithm, Pass pass, int priority,
                           dnnl::memory::data_type factors = dnnl::memory::data_type::f32);

}  // namespace convlens
