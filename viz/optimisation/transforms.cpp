#include "viz/optimisation/transforms.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "viz/training/random.h"

namespace convlens::viz {
namespace {

// A whole number of pixels of -span/2 .. span/2.
float shift(Random& random, int64_t span) { return static_cast<float>(random.below(span + 1) - span / 2); }

std::string json_number(double value) { return Json(value).dump(); }

}  // namespace

void TransformKeys::describe(ParamVisitor& v) {
  v.field({.name = "pad", .doc = "pixels of mean colour around the image (fourier: 12)", .min = 0, .max = 1024}, pad);
  v.field({.name = "jitter",
           .doc = "each step sees the image shifted cyclically, anywhere within so many pixels (fourier: 8)",
           .min = 0,
           .max = 1024},
          jitter);
  v.field({.name = "scale",
           .doc = "and then scaled by a random factor between these two (fourier: [0.9, 1.1])",
           .min = 0.1,
           .max = 10},
          scale);
  v.field(
      {.name = "rotate", .doc = "and turned by at most so many degrees either way (fourier: 10)", .min = 0, .max = 180},
      rotate);
  v.field({.name = "jitter_after",
           .doc = "and shifted once more within so many pixels (fourier: 4)",
           .min = 0,
           .max = 1024},
          jitter_after);
}

std::string TransformKeys::add(GraphBuilder& graph, const std::string& layer) const {
  if (scale.size() != 2 || scale[0] > scale[1])
    throw InputError("'scale' must be [smallest, largest], found " + Json(scale).dump());
  std::string last = layer;
  if (pad > 0) last = graph.add("framed", "pad", {last}, {{"padding", pad}});
  if (jitter > 0) last = graph.add("shifted", "roll", {last, graph.vector_input("shift", 2)});
  if (has_map()) last = graph.add("turned", "affine", {last, graph.vector_input("map", 6)});
  if (pad > 0) last = graph.add("unframed", "pad", {last}, {{"padding", -pad}});
  return last;
}

void TransformKeys::set(Session& session, int64_t seed, int64_t step, int64_t batch) const {
  Array shifts({batch, 2, 1, 1}), maps({batch, 6, 1, 1});
  for (int64_t n = 0; n < batch; ++n) {
    Random random(seed, step, n);
    for (int64_t i = 0; i < 2; ++i) shifts.values[static_cast<size_t>(2 * n + i)] = shift(random, jitter);
    const double z = random.uniform(scale[0], scale[1]);
    const double r = random.uniform(-rotate, rotate) * std::numbers::pi / 180;
    const auto c = static_cast<float>(std::cos(r) / z), s = static_cast<float>(std::sin(r) / z);
    const float x = shift(random, jitter_after), y = shift(random, jitter_after);
    const float map[] = {c, s, -(c * x + s * y), -s, c, s * x - c * y};  // where the output looks, shift undone first
    std::ranges::copy(map, maps.values.begin() + 6 * n);
  }
  if (jitter > 0) session.set_input("shift", shifts);
  if (has_map()) session.set_input("map", maps);
}

std::string TransformKeys::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (pad > 0) add("pad " + std::to_string(pad));
  if (jitter > 0) add("jitter " + std::to_string(jitter));
  if (scale[0] != 1 || scale[1] != 1) add("scale " + json_number(scale[0]) + " to " + json_number(scale[1]));
  if (rotate > 0) add("rotate " + json_number(rotate) + " degrees");
  if (jitter_after > 0) add("jitter " + std::to_string(jitter_after));
  return text;
}

}  // namespace convlens::viz
