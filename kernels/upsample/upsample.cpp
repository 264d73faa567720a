#include "kernels/upsample/upsample.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void UpsampleParams::describe(ParamVisitor& v) {
  v.field({.name = "scale_factor", .doc = "how many times higher and wider", .required = true, .min = 1}, scale);
  v.choice({.name = "mode", .doc = "the nearest element, or the four around weighted by their distance"}, mode,
           {{"nearest", UpsampleMode::nearest}, {"bilinear", UpsampleMode::bilinear}});
  v.field({.name = "align_corners", .doc = "bilinear: the corner elements' centres stay in the corners"},
          align_corners);
}

Interpolation upsample_at(const UpsampleParams& p, int64_t inputs, int64_t scale, int64_t output) {
  if (p.mode == UpsampleMode::nearest) return {output / scale, output / scale, 0};
  const double last_output = static_cast<double>(inputs * scale - 1);
  const double step = inputs * scale > 1 ? static_cast<double>(inputs - 1) / last_output : 0;
  const double half_pixel = (static_cast<double>(output) + 0.5) / static_cast<double>(scale) - 0.5;
  const double position = p.align_corners ? static_cast<double>(output) * step : std::max(half_pixel, 0.0);
  const int64_t low = std::min(static_cast<int64_t>(position), inputs - 1);
  return {low, std::min(low + 1, inputs - 1), position - static_cast<double>(low)};
}

namespace {

class Upsample final : public Operator {
 public:
  Upsample() : Operator("upsample", "enlargement by whole numbers, nearest or bilinear") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<UpsampleParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const UpsampleParams&>(params);
    if (p.align_corners && p.mode == UpsampleMode::nearest)
      throw InputError("upsample's align_corners is for the mode \"bilinear\", the mode here is \"nearest\"");
    const Shape& x = inputs[0];
    return {x.n(), x.c(), x.h() * p.scale[0], x.w() * p.scale[1]};
  }
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const auto& p = static_cast<const UpsampleParams&>(params);
    const auto read = [&](int64_t extent, int64_t scale, const IndexRange& range) {
      IndexRange all;
      for (int64_t o = range.begin; o < range.end; ++o) {
        const Interpolation i = upsample_at(p, extent, scale, o);
        all = hull(all, {i.weight < 1 ? i.low : i.high, i.weight > 0 ? i.high + 1 : i.low + 1});
      }
      return all;
    };
    return {read(inputs[0].h(), p.scale[0], output.y), read(inputs[0].w(), p.scale[1], output.x)};
  }
};

const RegisterOperator registered(std::make_unique<Upsample>());

}  // namespace
}  // namespace convlens
