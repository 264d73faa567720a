#include "kernels/pad/pad.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"

namespace convlens {

void PadParams::describe(ParamVisitor& v) {
  v.field({.name = "padding", .doc = "rows and columns added; a negative amount crops (mode \"zero\")"}, padding);
  v.field({.name = "channels", .doc = "channels of zeros [before, after] (mode \"zero\")", .min = 0}, channels);
  v.choice({.name = "mode", .doc = "what the frame shows: zeros, or the input reflected in its edge elements"}, mode,
           {{"zero", PadMode::zero}, {"reflect", PadMode::reflect}});
}

int64_t pad_source(PadMode mode, int64_t inputs, int64_t before, int64_t output) {
  const int64_t i = output - before;
  if (mode == PadMode::zero) return i >= 0 && i < inputs ? i : -1;
  return i < 0 ? -i : i >= inputs ? 2 * (inputs - 1) - i : i;
}

namespace {

int64_t padded(const PadParams& p, const char* axis, int64_t size, int64_t before, int64_t after) {
  if (p.mode == PadMode::reflect && (std::min(before, after) < 0 || std::max(before, after) >= size))
    throw InputError(std::string("reflected padding must be at least 0 and less than the input's ") + axis + " of " +
                     std::to_string(size) + ", found " + std::to_string(before) + " and " + std::to_string(after));
  if (size + before + after < 1)
    throw InputError(std::string("pad crops an input with a ") + axis + " of " + std::to_string(size) + " by " +
                     std::to_string(-before) + " and " + std::to_string(-after) + ", which leaves nothing");
  return size + before + after;
}

class Pad final : public Operator {
 public:
  Pad() : Operator("pad", "a frame of zeros or of reflected elements; negative amounts crop") {}

  std::shared_ptr<Params> new_params() const override { return std::make_shared<PadParams>(); }
  Shape infer(const Params& params, std::span<const Shape> inputs) const override {
    const auto& p = static_cast<const PadParams&>(params);
    if (p.padding.same) throw InputError("pad needs its amounts as numbers, found \"same\"");
    if (p.mode == PadMode::reflect && p.channels != Pair{0, 0})
      throw InputError("pad adds channels in mode \"zero\" alone, the mode here is \"reflect\"");
    const Shape& x = inputs[0];
    return {x.n(), x.c() + p.channels[0] + p.channels[1], padded(p, "height", x.h(), p.padding.top, p.padding.bottom),
            padded(p, "width", x.w(), p.padding.left, p.padding.right)};
  }
  Region input_region(const Params& params, std::span<const Shape> inputs, size_t,
                      const Region& output) const override {
    const auto& p = static_cast<const PadParams&>(params);
    const auto shown = [&](int64_t extent, int64_t before, const IndexRange& range) {
      IndexRange all;
      for (int64_t o = range.begin; o < range.end; ++o)
        if (const int64_t i = pad_source(p.mode, extent, before, o); i >= 0) all = hull(all, {i, i + 1});
      return all;
    };
    return {shown(inputs[0].h(), p.padding.top, output.y), shown(inputs[0].w(), p.padding.left, output.x)};
  }
};

const RegisterOperator registered(std::make_unique<Pad>());

}  // namespace
}  // namespace convlens
