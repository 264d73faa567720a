#include "viz/optimisation/shifted_evaluator.h"

#include <algorithm>

namespace convlens::viz {

Array rolled(const Array& x, Pair offsets) {
  const Shape& s = x.shape;
  const auto modulo = [](int64_t value, int64_t size) { return (value % size + size) % size; };
  const int64_t down = modulo(offsets[0], s.h()), right = modulo(offsets[1], s.w());
  Array y(s);
  for (int64_t plane = 0; plane < s.n() * s.c(); ++plane)
    for (int64_t row = 0; row < s.h(); ++row) {
      const float* from = x.values.data() + (plane * s.h() + row) * s.w();
      float* to = y.values.data() + (plane * s.h() + (row + down) % s.h()) * s.w();
      std::rotate_copy(from, from + s.w() - right, from + s.w(), to);
    }
  return y;
}

double ShiftedEvaluator::evaluate(int64_t step, const Array& x, Array& gradient) {
  const auto [down, right] = offsets_(step);
  Array shifted;
  const double total = of_->evaluate(step, rolled(x, {down, right}), shifted);
  gradient = rolled(shifted, {-down, -right});
  return total;
}

}  // namespace convlens::viz
