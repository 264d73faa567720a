#include "kernels/base/cpu/onednn.h"

namespace convlens {

using dnnl::memory;

const dnnl::engine& onednn_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& onednn_stream() {
  static dnnl::stream stream(onednn_engine());
  return stream;
}

memory::dims onednn_dims(const Shape& shape) {
  memory::dims dims;
  for (int i = 0; i < shape.rank(); ++i) dims.push_back(shape[i]);
  return dims;
}

memory::desc onednn_desc(const TensorDesc& desc, memory::data_type type) {
  static constexpr memory::format_tag plain[] = {memory::format_tag::a, memory::format_tag::ab, memory::format_tag::abc,
                                                 memory::format_tag::abcd};
  memory::format_tag tag = plain[desc.shape.rank() - 1];
  if (desc.layout == Layout::nhwc) tag = memory::format_tag::nhwc;
  if (desc.layout == Layout::nchw8c) tag = memory::format_tag::nChw8c;
  if (desc.layout == Layout::nchw16c) tag = memory::format_tag::nChw16c;
  return {onednn_dims(desc.shape), type, tag};
}

memory onednn_memory(const memory::desc& desc, const void* data) {
  return {desc, onednn_engine(), const_cast<void*>(data)};
}

dnnl::primitive_attr onednn_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

}  // namespace convlens
