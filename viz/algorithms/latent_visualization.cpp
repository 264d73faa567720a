// latent_visualization: a picture that a class's score, or a neuron, is highest for, among those that a generator
// makes.
//
//   c* = argmax_c S(G(c)),   G: a generator, from code to picture; S: the score before softmax, or an activation
//
// by steps along the gradient of the code, which the sweep back through classifier and generator gives:
//
//   c <- decay * clip(c + lr g / mean |g|)
//
// (Nguyen, Dosovitskiy, Yosinski, Brox and Clune, "Synthesizing the preferred inputs for neurons in neural networks via
// deep generator networks", 2016, and their code: 200 steps, decay 0.99; they clip a code to what images have, from 0
// to three standard deviations). Where generator and classifier differ in size, the picture's centre is seen.
//
// Beside it the same target is climbed in pixels, by class_visualization's steps, jitter and blur. The generator is a
// prior: what it was never shown it cannot paint. A natural look is its doing, and says nothing of what the network
// needs to see.

#include <functional>

#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/io/tile.h"
#include "viz/optimisation/latent_parameterisation.h"
#include "viz/optimisation/loop.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/second_look.h"
#include "viz/optimisation/session_evaluator.h"
#include "viz/optimisation/smoothing.h"
#include "viz/optimisation/transforms.h"
#include "viz/run.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

/// A way to make the pictures: what is optimised, and the network that has it as its input x.
struct Way {
  std::string name, caption;
  std::unique_ptr<Parameterisation> space;
  double lr, start_sd;
  TransformKeys transforms{};
  std::function<void(int64_t step, Array& x)> after_step = [](int64_t, Array&) {};
  Model network{};
  PlanRequest request{};
};

class LatentVisualization final : public Algorithm {
 public:
  LatentVisualization() { loop_.steps = 200; }

  void describe(ParamVisitor& v) override {
    target_.describe(v);
    v.field({.name = "generator", .doc = "a model's folder: what makes a picture of a code", .required = true},
            generator_);
    v.field({.name = "seeds", .doc = "pictures that are made at once, each from its own start", .min = 1, .max = 1024},
            seeds_);
    loop_.describe(v);
    v.field({.name = "lr", .doc = "of a step: mean |change| of the code's numbers (adam: its rate)", .min = 0}, lr_);
    v.field({.name = "decay", .doc = "factor of the code after each step", .min = 0, .max = 1}, decay_);
    v.field({.name = "start_sd", .doc = "standard deviation of the code to begin with; 0: zeros", .min = 0}, start_sd_);
    code_.describe(v);
    v.field({.name = "pixels", .doc = "whether the same is done by pixels, to compare"}, pixels_);
    v.field({.name = "pixel_lr", .doc = "class_visualization's lr, for these", .min = 0}, pixel_lr_);
    v.field({.name = "pixel_jitter", .doc = "class_visualization's jitter, for these", .min = 0, .max = 1024},
            pixel_jitter_);
    v.field({.name = "pixel_blur_steps", .doc = "class_visualization's blur_steps, for these", .min = 0},
            pixel_blur_steps_);
  }

  std::map<std::string, std::string> more_inputs() const override {
    return {{"generator", read_model(generator_)->sha256}};
  }

  std::vector<Stage> stages(const Run& run) const override {
    const Target target = target_.target(run.model(), image(run));
    std::vector<Stage> stages;
    for (const Way& way : ways(run, target)) stages.push_back({way.name, way.network, way.request});
    stages.push_back({run.model().name + " on the results", run.model(), second_look_request(run, target, batch(run))});
    return stages;
  }

  void execute(Run& run, Session*) override {
    const Target target = target_.target(run.model(), image(run));
    run.section().title += ": " + target.description;
    run.results["target"] = target.description;
    Checkpoint checkpoint(run);
    std::vector<std::vector<Image>> by_way;
    for (const Way& way : ways(run, target)) {
      const LoopResult result = climb(run, checkpoint, way, target);
      by_way.push_back(pictures(run, way, result.x));
      show(run, way, by_way.back());
      run.results["images"][way.name] = look_again(run, target, by_way.back(), names(way.name));
      run.save(way.name, result.x);
    }
    if (by_way.size() > 1) run.show("both", side_by_side(by_way), "left by the code, right by pixels");
  }

 private:
  static Shape image(const Run& run) {
    const Shape& own = run.model().image_input().shape;
    const auto& size = run.keys().size;
    return {1, own.c(), size.empty() ? own.h() : size[0], size.empty() ? own.w() : size[1]};
  }

  Shape batch(const Run& run) const {
    const Shape one = image(run);
    return {seeds_, one.c(), one.h(), one.w()};
  }

  std::vector<Way> ways(const Run& run, const Target& target) const {
    std::vector<Way> ways;
    ways.push_back(latent_way(run));
    if (pixels_) ways.push_back(pixel_way(run));
    for (Way& way : ways) {
      GraphBuilder graph(way.name);
      graph.append(run.model(), way.transforms.add(graph, way.space->add(graph, "x")));
      way.network = graph.model();
      way.request = {.device = run.device(), .batch = seeds_, .losses = {target.loss.layer}, .gradients = {"x"}};
    }
    return ways;
  }

  Way latent_way(const Run& run) const {
    Way way{.name = "latent",
            .caption = "by the generator's code",
            .space = latent_parameterisation(read_model(generator_), code_, run.model().image_input(), batch(run),
                                             run.device()),
            .lr = lr_,
            .start_sd = start_sd_};
    way.transforms.jitter = 0;
    way.after_step = [decay = static_cast<float>(decay_)](int64_t, Array& x) {
      for (float& value : x.values) value *= decay;
    };
    return way;
  }

  // Several pictures would be alike without noise.
  Way pixel_way(const Run& run) const {
    Way way{.name = "pixels",
            .caption = "by pixels",
            .space = pixel_parameterisation(run.model().image_input(), batch(run)),
            .lr = pixel_lr_,
            .start_sd = seeds_ > 1 ? 0.1 : 0};
    way.transforms.jitter = pixel_jitter_;
    if (pixel_blur_steps_ > 0)
      way.after_step = [every = pixel_blur_steps_, blur = std::make_shared<Blur>(batch(run), 1)](int64_t step,
                                                                                                 Array& x) {
        if (step > 0 && step % every == 0) blur->apply(x);
      };
    return way;
  }

  LoopResult climb(Run& run, Checkpoint& checkpoint, const Way& way, const Target& target) const {
    const int64_t seed = run.keys().seed;
    SessionEvaluator evaluator(Objective({{"score", target.loss, -1}}), way.network, run.open(way.network, way.request),
                               "x", [&](int64_t step, Session& s) { way.transforms.set(s, seed, step, seeds_); });
    const LoopHooks hooks{.after = way.after_step,
                          .picture = [&](const Array& x) { return side_by_side({pictures(run, way, x)}); }};
    Loop loop(run, way.name, loop_, checkpoint, evaluator, hooks);
    LoopResult result = loop.minimise(*way.space->minimiser(way.lr), way.space->start(way.start_sd, seed));
    show_result(run, way.name, result);
    return result;
  }

  static std::vector<Image> pictures(const Run& run, const Way& way, const Array& x) {
    const Array pixels = way.space->pixels(x);
    std::vector<Image> images;
    for (int64_t n = 0; n < pixels.shape.n(); ++n)
      images.push_back(rounded_to_8_bits(from_pixels(pixels, run.model().image_input(), n)));
    return images;
  }

  // A row for each picture, a column for each way.
  static Image side_by_side(const std::vector<std::vector<Image>>& by_way) {
    std::vector<Image> tiles;
    for (size_t n = 0; n < by_way[0].size(); ++n)
      for (const auto& images : by_way) tiles.push_back(images[n]);
    return tile_grid(tiles, static_cast<int>(by_way.size()), 2);
  }

  std::string name_of(const std::string& way, size_t n) const {
    return seeds_ == 1 ? way : way + "-" + std::to_string(n);
  }

  std::vector<std::string> names(const std::string& way) const {
    std::vector<std::string> names;
    for (size_t n = 0; n < static_cast<size_t>(seeds_); ++n) names.push_back(name_of(way, n) + ", in 8 bits");
    return names;
  }

  void show(Run& run, const Way& way, const std::vector<Image>& images) const {
    for (size_t n = 0; n < images.size(); ++n) run.show(name_of(way.name, n), images[n], way.caption);
  }

  TargetKeys target_;
  std::filesystem::path generator_;
  int64_t seeds_ = 1;
  LoopKeys loop_;
  double lr_ = 0.05, decay_ = 0.99, start_sd_ = 1;
  CodeKeys code_;
  bool pixels_ = true;
  double pixel_lr_ = 25;
  int64_t pixel_jitter_ = 16, pixel_blur_steps_ = 4;
};

const RegisterAlgorithm latent_visualization_registered(
    {"latent_visualization", "a picture of a generator that a class or a neuron answers most to",
     "Nguyen et al. 2016, arXiv:1605.09304", make_algorithm<LatentVisualization>});

}  // namespace
}  // namespace convlens::viz
