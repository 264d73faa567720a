#include "kernels/simt/lens/warp_trace.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace simt {
namespace {

auto order(const Step& step) { return std::tuple(-step.calls, step.code, step.site); }

}  // namespace

uint32_t WarpTrace::next(const Positions& at) const {
  uint32_t lanes = 0;
  const Step* earliest = nullptr;
  for (int lane = 0; lane < warp_size; ++lane) {
    if (at[lane] == steps_[lane].size()) continue;
    const Step& step = steps_[lane][at[lane]];
    if (!earliest || order(step) < order(*earliest)) {
      earliest = &step;
      lanes = 0;
    }
    if (order(step) == order(*earliest)) lanes |= 1U << lane;
  }
  return lanes;
}

const Step& WarpTrace::step_of(uint32_t lanes, const Positions& at) const {
  const int lane = std::countr_zero(lanes);
  return steps_[lane][at[lane]];
}

Request WarpTrace::request_of(uint32_t lanes, const Positions& at) const {
  const Step& step = step_of(lanes, at);
  Request request{.lanes = lanes, .bytes = step.bytes, .access = step.access};
  for (int lane = 0; lane < warp_size; ++lane)
    if (lanes >> lane & 1) request.addresses[lane] = steps_[lane][at[lane]].address;
  return request;
}

void WarpTrace::advance(uint32_t lanes, Positions& at) {
  for (int lane = 0; lane < warp_size; ++lane) at[lane] += lanes >> lane & 1;
}

}  // namespace simt
