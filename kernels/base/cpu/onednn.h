#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/base/tensor.h"

namespace convlens {

const dnnl::engine& onednn_engine();
dnnl::stream& onednn_stream();

dnnl::memory::dims onednn_dims(const Shape& shape);

/// oneDNN's description of an activation (rank 4, in any of our layouts) or of plain weights, of numbers of this type.
dnnl::memory::desc onednn_desc(const TensorDesc& desc, dnnl::memory::data_type type = dnnl::memory::data_type::f32);

/// Borrows our memory for a primitive's argument.
dnnl::memory onednn_memory(const dnnl::memory::desc& desc, const void* data);

/// Attributes by which a primitive takes its scratch memory from us (Kernel::workspace).
dnnl::primitive_attr onednn_attributes();

}  // namespace convlens
