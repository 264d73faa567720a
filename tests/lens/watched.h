#pragma once

#include <gtest/gtest.h>

#include "kernels/simt/lens/recorder.h"
#include "kernels/simt/simt.h"

namespace simt {

/// How often accesses at `line` of this test are found to be wrong in that way.
inline int64_t count(const LaunchReport& report, Finding::Kind kind, int line) {
  int64_t sum = 0;
  for (const Finding& f : report.findings)
    if (f.kind == kind && f.where.line == static_cast<unsigned>(line)) sum += f.count;
  return sum;
}

/// The traffic of a line, which must have some of that kind.
inline Traffic traffic(const LaunchReport& report, int line, Space space, Access access) {
  for (const LineTraffic& t : report.lines)
    if (t.where.line == static_cast<unsigned>(line) && t.space == space && t.access == access) return t.traffic;
  ADD_FAILURE() << "no such access at line " << line;
  return {};
}

}  // namespace simt
