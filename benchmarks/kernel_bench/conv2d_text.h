#pragma once

#include "kernels/base/cases.h"

namespace convlens::bench {

/// A convolution as letters with numbers, in any order: n batch, c input channels, h and w input size, k filters, r and
/// s kernel height and width, p padding, u stride, d dilation, g groups, b 1 with bias or 0 without. c, h, k and r must
/// be there; otherwise n1, w as h, s as r, p0, u1, d1, g1, b1. `n1c64h56w56k64r3s3p1` is a convolution of ResNet.
bool is_conv2d_text(const std::string& text);

/// Throws InputError for an unknown, repeated or missing letter.
OperatorCase conv2d_from_text(const std::string& text);

}  // namespace convlens::bench
