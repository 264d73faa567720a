#include "kernels/base/cpu/blocked_layout.h"

namespace convlens {

Layout cpu_blocked_layout() {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx512f");
  return wide ? Layout::nchw16c : Layout::nchw8c;
#else
  return Layout::nchw8c;
#endif
}

}  // namespace convlens
