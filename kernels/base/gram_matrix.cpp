#include "kernels/base/gram_matrix.h"

#include "kernels/base/params.h"

namespace convlens {

void GramParams::describe(ParamVisitor& v) {
  v.choice({.name = "divisor", .doc = "C*H*W, H*W, or nothing"}, divisor,
           {{"chw", GramDivisor::chw}, {"hw", GramDivisor::hw}, {"none", GramDivisor::none}});
}

double gram_divisor(const GramParams& params, const Shape& features) {
  const double pixels = static_cast<double>(features.h() * features.w());
  switch (params.divisor) {
    case GramDivisor::chw: return pixels * static_cast<double>(features.c());
    case GramDivisor::hw: return pixels;
    case GramDivisor::none: return 1;
  }
  return 1;
}

}  // namespace convlens
