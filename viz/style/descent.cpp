#include "viz/style/descent.h"

#include "kernels/base/params.h"
#include "viz/optimisation/pixels.h"
#include "viz/training/random.h"

namespace convlens::viz {
namespace {

Json minimiser_params(const DescentKeys& keys, const InputSpec& input) {
  if (keys.optimiser == "lbfgs") return {{"history", keys.history}};
  return {{"lr", keys.lr * grey_level(input)}, {"min", input.range[0]}, {"max", input.range[1]}};
}

constexpr int64_t pictures_at_hand = 10;  // the photo, the start, x, its gradient, trial points ..

}  // namespace

void DescentKeys::describe(ParamVisitor& v) {
  loop.describe(v);
  v.choice({.name = "optimiser", .doc = "lbfgs: each step is one evaluation; adam: pixels stay in their range"},
           optimiser, {"lbfgs", "adam"});
  v.field({.name = "history", .doc = "steps that L-BFGS remembers", .min = 1, .max = 1000}, history);
  memory.describe(v);
  v.field({.name = "lr", .doc = "Adam's learning rate, in grey levels of 255", .min = 0}, lr);
}

std::optional<size_t> DescentKeys::session_bytes(const Run& run, const Canvas& canvas) const {
  const int64_t of_optimiser = optimiser == "lbfgs" ? 2 * history : 2;
  const int64_t in_checkpoints = 2 * of_optimiser;  // as numbers and as the file's bytes
  return memory.session_bytes(run.model(), {canvas.height, canvas.width},
                              pictures_at_hand + of_optimiser + in_checkpoints);
}

Image noise(const Canvas& canvas, int channels, int64_t seed) {
  Image image = make_image(channels, static_cast<int>(canvas.height), static_cast<int>(canvas.width));
  Random random(seed);
  for (float& value : image.values) value = static_cast<float>(0.5 + 0.1 * random.normal());
  return image;
}

Image descend(Run& run, Checkpoint& checkpoint, const std::string& name, const DescentKeys& keys,
              const PictureNetwork& network, const Image& start) {
  const InputSpec& input = run.model().image_input();
  const auto evaluator = network.evaluator(run, keys.session_bytes(run, network.canvas()));
  const Array pixels = to_pixels(start, input);
  const auto minimiser = make_minimiser(keys.optimiser, minimiser_params(keys, input), pixels.shape);
  const LoopHooks hooks{.picture = [&](const Array& x) { return clamp(from_pixels(x, input)); }};
  Loop loop(run, name, keys.loop, checkpoint, *evaluator, hooks);
  const LoopResult result = loop.minimise(*minimiser, pixels);
  show_result(run, name, result);
  return from_pixels(result.x, input);
}

}  // namespace convlens::viz
