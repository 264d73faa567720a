#pragma once

#include <oneapi/dnnl/dnnl.h>

namespace convlens {

/// Whether this processor has an instruction set and oneDNN may use it: its environment variable ONEDNN_MAX_CPU_ISA
/// limits both, so that they agree on layouts.
inline bool cpu_has(dnnl_cpu_isa_t isa) { return (dnnl_get_effective_cpu_isa() & isa) == isa; }

}  // namespace convlens
