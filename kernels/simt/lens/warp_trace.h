#pragma once

#include <array>
#include <vector>

#include "kernels/simt/lens/request.h"

namespace simt {

/// What a thread did next: began a basic block, or (site >= 0) accessed memory.
struct Step {
  uintptr_t code;  ///< the instruction
  int calls;       ///< how deep in calls
  int site = -1;
  Access access = Access::read;
  uint32_t bytes = 0;
  uintptr_t address = 0;
};

/// The lanes of a warp ran one after the other; this is how they would have gone together. Of lanes at different
/// instructions those in the deepest call go first, and of these those at the lowest address, so that whoever left a
/// loop or skipped a branch waits where the paths meet again (the reconvergence of Collange, "Stack-less SIMT
/// reconvergence at low cost", 2011).
class WarpTrace {
  using Positions = std::array<size_t, warp_size>;

 public:
  void add(int lane, const Step& step) { steps_[lane].push_back(step); }

  /// Calls take(site, request) for each request in order, and forgets all.
  template <class Take>
  void finish(const Take& take) {
    Positions at{};
    for (uint32_t lanes = next(at); lanes; lanes = next(at)) {
      const int site = step_of(lanes, at).site;
      if (site >= 0) take(site, request_of(lanes, at));
      advance(lanes, at);
    }
    for (auto& of_lane : steps_) of_lane.clear();
  }

 private:
  uint32_t next(const Positions& at) const;  ///< the lanes that go now; none at the end
  const Step& step_of(uint32_t lanes, const Positions& at) const;
  Request request_of(uint32_t lanes, const Positions& at) const;
  static void advance(uint32_t lanes, Positions& at);

  std::array<std::vector<Step>, warp_size> steps_;
};

}  // namespace simt
