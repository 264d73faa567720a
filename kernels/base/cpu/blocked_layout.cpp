#include "kernels/base/cpu/blocked_layout.h"

#include "kernels/base/cpu/cpu_isa.h"
#include "kernels/base/cpu/lanes.h"

namespace convlens {

Layout cpu_blocked_layout() {
  static const bool wide = cpu_has(dnnl_cpu_isa_avx512_core);
  return wide ? Layout::nchw16c : Layout::nchw8c;
}

bool blocked_lanes_are_native() {
  return with_blocked_lanes([](auto lanes) { return native_lanes >= lanes; });
}

IoLayout cpu_blocked_layouts(const Problem&) { return {cpu_blocked_layout(), cpu_blocked_layout()}; }

std::optional<std::string> refuses_layouts(const Problem& problem, const IoLayout& wanted) {
  if (problem.inputs[0].layout == wanted.input && problem.output.layout == wanted.output) return std::nullopt;
  return "takes " + to_string(wanted.input) + " and gives " + to_string(wanted.output) + " alone";
}

}  // namespace convlens
