// oneDNN's direct convolution of factors rounded to bfloat16, twice as many of which a processor with AVX512_BF16
// multiplies at once. Sums and results stay f32. What a layer reads is rounded first, which costs a pass over it.

#include "kernels/base/cpu/cpu_isa.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/cpu/onednn_convolution.h"

namespace convlens {
namespace {

Variant direct(Pass pass) {
  Variant variant = onednn_convolution("onednn_direct_bf16", dnnl::algorithm::convolution_direct, pass, 12,
                                       dnnl::memory::data_type::bf16);
  variant.relative_error = 8e-3;
  variant.refuses = [refuses = variant.refuses](const Problem& problem) -> std::optional<std::string> {
    if (Conv2dSizes(problem).groups > 1) return "is slower than that of f32 numbers in groups";
    if (!cpu_has(dnnl_cpu_isa_avx512_core_bf16)) return "needs a processor with AVX512_BF16";
    return refuses(problem);
  };
  return variant;
}

const RegisterVariant forward("conv2d", direct(Pass::forward));
const RegisterVariant backward_data("conv2d", direct(Pass::backward_data));

}  // namespace
}  // namespace convlens
