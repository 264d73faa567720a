#include "kernels/base/cpu/blocked_gemm.h"

namespace convlens {

template <int lanes>
void BlockedGemm<lanes>::run() const {
  run([](const FloatLanes<lanes>& sum, const float*) { return sum; });
}

template void BlockedGemm<8>::run() const;
template void BlockedGemm<16>::run() const;

}  // namespace convlens
