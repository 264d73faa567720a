#include "engine/array_part.h"

#include <algorithm>

namespace convlens {
namespace {

// Calls on_row(a row of the part, the same in the whole array) with the rows' numbers of elements.
template <class Whole, class Part, class OnRow>
void for_each_row(Whole& array, Part& part, const Region& region, const OnRow& on_row) {
  const int64_t planes = array.shape.n() * array.shape.c(), height = region.y.size(), width = region.x.size();
  for (int64_t plane = 0; plane < planes; ++plane)
    for (int64_t y = 0; y < height; ++y) {
      auto* whole =
          array.values.data() + ((plane * array.shape.h() + region.y.begin + y) * array.shape.w() + region.x.begin);
      on_row(part.values.data() + (plane * height + y) * width, whole);
    }
}

}  // namespace

Array part_of(const Array& array, const Region& region) {
  Array part({array.shape.n(), array.shape.c(), region.y.size(), region.x.size()});
  for_each_row(array, part, region, [&](float* to, const float* from) { std::copy_n(from, region.x.size(), to); });
  return part;
}

void add_to_part(const Array& part, const Region& region, Array& array) {
  for_each_row(array, part, region, [&](const float* from, float* to) {
    for (int64_t x = 0; x < region.x.size(); ++x) to[x] += from[x];
  });
}

}  // namespace convlens
