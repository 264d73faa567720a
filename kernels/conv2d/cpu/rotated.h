#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernels/base/variant.h"

namespace convlens {

/// backward_data of a stride-1 convolution is itself a stride-1 convolution of dL/dy, with the filters rotated by 180
/// degrees and input and output channels exchanged:
///   dL/dx[i, h, w] = sum over o, r, s of w[o, i, k-1-r, k-1-s] dL/dy[o, h + r - (k-1-pad), w + s - (k-1-pad)].

/// Why a convolution's gradient is no such convolution, or nothing.
std::optional<std::string> rotation_refuses(const Problem& problem);

/// The forward convolution that computes the gradient.
Problem rotated(const Problem& problem);

/// The gradient's kernel from one made for rotated(problem).
std::unique_ptr<Kernel> rotated_kernel(const Problem& problem, std::unique_ptr<Kernel> forward);

/// The gradient's variant from one of the forward pass.
Variant rotated_variant(const Variant& forward);

}  // namespace convlens
