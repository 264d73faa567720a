#pragma once

#include "kernels/base/aligned_size.h"
#include "kernels/base/cpu/onednn_matmul.h"
#include "kernels/base/variant.h"

namespace convlens {

/// The matrices of G = F F^T / divisor for a batch, to oneDNN: F lies in memory as a matrix in NCHW, and as its
/// transpose in NHWC; both are used in place.
struct GramOperands {
  explicit GramOperands(const TensorDesc& f);
  int64_t batch, channels, pixels;
  dnnl::memory::desc features, transposed, square;

  /// Rounded up so that more may follow in a workspace.
  size_t square_bytes() const { return aligned_size(square.get_size()); }
};

/// Variant::layouts and refuses of kernels that use them.
IoLayout gram_layouts(const Problem& problem);
std::optional<std::string> refuses_gram(const Problem& problem);

}  // namespace convlens
