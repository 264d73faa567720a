#include "kernels/base/cpu/onednn_matmul.h"

#include <unordered_map>

namespace convlens {

using dnnl::memory;

memory::desc onednn_matrix(const memory::dims& dims, const memory::dims& strides) {
  return {dims, memory::data_type::f32, strides};
}

namespace {

dnnl::matmul::primitive_desc matmul_desc(const memory::desc& a, const memory::desc& b, const memory::desc& c,
                                         const Matmul::Options& options) {
  dnnl::primitive_attr attributes = onednn_attributes();
  if (options.factor != 1) attributes.set_output_scales(0, {options.factor});
  attributes.set_post_ops(options.operations);
  return {{a, b, options.bias, c}, attributes, onednn_engine()};
}

}  // namespace

Matmul::Matmul(const memory::desc& a, const memory::desc& b, const memory::desc& c, const Options& options)
    : desc_(matmul_desc(a, b, c, options)), primitive_(desc_) {}

void Matmul::run(const void* a, const void* b, const void* bias, void* c, void* workspace) const {
  std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC, onednn_memory(desc_.src_desc(), a)},
                                            {DNNL_ARG_WEIGHTS, onednn_memory(desc_.weights_desc(), b)},
                                            {DNNL_ARG_DST, onednn_memory(desc_.dst_desc(), c)},
                                            {DNNL_ARG_SCRATCHPAD, onednn_memory(desc_.scratchpad_desc(), workspace)}};
  if (bias) arguments.emplace(DNNL_ARG_BIAS, onednn_memory(desc_.bias_desc(), bias));
  primitive_.execute(onednn_stream(), arguments);
  onednn_stream().wait();
}

}  // namespace convlens
