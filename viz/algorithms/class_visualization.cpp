// class_visualization: an image that a class's score, or a neuron, is highest for.
//
//   x* = argmax_x S_c(x) - lambda |x|^2
//
// with the score S_c before softmax and x the pixels' distance from the mean colour (Simonyan, Vedaldi and Zisserman,
// "Deep Inside Convolutional Networks", 2014, section 2), by steps of fixed length along the gradient:
//
//   x <- x + lr g / |g|,   each step seeing the image shifted at random (jitter)
//
// Yosinski et al., "Understanding Neural Networks Through Deep Visualization", 2015, add a prior for natural images:
// every few steps the image is blurred, and the pixels that are small, or whose gradient is small, become the mean
// colour. "parameterization": "fourier" optimises the spectrum of decorrelated colours in place of the pixels, seen
// through random transforms (Olah, Mordvintsev and Schubert, "Feature Visualization", 2017).
//
// `seeds` images are made at once from different noise and shifts; `diversity` drives them apart. Colours are counted
// in standard deviations of ImageNet's pixels (57.6 grey levels), so that lr and L2 mean the same to every network.
//
// The picture shows what raises the score, not what the network needs to see: a different start, prior or step leads to
// a different picture with the same probability, and a probability near 1 says nothing of likeness to a photo.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/layers.h"
#include "viz/optimisation/diversity.h"
#include "viz/optimisation/loop.h"
#include "viz/optimisation/parameterisation.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/second_look.h"
#include "viz/optimisation/session_evaluator.h"
#include "viz/optimisation/smoothing.h"
#include "viz/optimisation/target.h"
#include "viz/optimisation/transforms.h"
#include "viz/preprocess.h"
#include "viz/run.h"

namespace convlens::viz {
namespace {

enum class Space { pixels, fourier };

std::string number(double value) { return Json(value).dump(); }

class ClassVisualization final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    target_.describe(v);
    const Space before = space_;
    v.choice<Space>({.name = "parameterization",
                     .doc = "what is optimised: pixels, or their spectrum, which changes the defaults in brackets"},
                    space_, {{"pixels", Space::pixels}, {"fourier", Space::fourier}});
    if (before != space_ && space_ == Space::fourier) take_defaults_of_fourier();
    v.field({.name = "seeds", .doc = "images that are made at once", .min = 1, .max = 1024}, seeds_);
    loop_.describe(v);
    v.field({.name = "lr",
             .doc = "length of a step over the whole image, in standard deviations (fourier: Adam's rate, 0.05)",
             .min = 0},
            lr_);
    v.field({.name = "start_sd",
             .doc = "standard deviation of the noise to begin with; 0: the mean colour (fourier: 0.01)",
             .min = 0,
             .max = 10},
            start_sd_);
    v.field({.name = "l2", .doc = "weight of |x|^2, of the distance from the mean colour (fourier: 0)", .min = 0}, l2_);
    transforms_.describe(v);
    v.field({.name = "blur_steps", .doc = "the image is blurred every so many steps; 0: never (fourier: 0)", .min = 0},
            blur_steps_);
    v.field({.name = "blur_sigma", .doc = "standard deviation of that blur, in pixels", .min = 0, .max = 100},
            blur_sigma_);
    v.field({.name = "clip_steps", .doc = "pixels are clipped to the mean colour every so many steps", .min = 1},
            clip_steps_);
    v.field({.name = "clip_small_pixels",
             .doc = "percentage of pixels that are: those nearest to the mean colour",
             .min = 0,
             .max = 100},
            clip_small_pixels_);
    v.field({.name = "clip_small_gradients",
             .doc = "percentage of pixels that are: those with the smallest gradients",
             .min = 0,
             .max = 100},
            clip_small_gradients_);
    v.field({.name = "diversity", .doc = "weight of the images' likeness in 'diversity_layer'", .min = 0}, diversity_);
    v.field({.name = "diversity_layer",
             .doc = "images are alike if the cosine of this layer's Gram matrices is high; by default the last map"},
            diversity_layer_);
  }

  std::vector<Stage> stages(const Run& run) const override {
    const Work work = plan(run);
    return {{"optimisation of " + run.model().name, work.network, work.request},
            {run.model().name + " on the result", run.model(), second_look_request(run, work.target, work.batch)}};
  }

  void execute(Run& run, Session*) override {
    const Work work = plan(run);
    const LoopResult result = optimise(run, work);
    run.section().title += ": " + work.target.description;
    run.section().text = variant() + ".";
    const std::vector<Image> images = show_images(run, work, result.x);
    if (space_ == Space::pixels) show_stretched(run, result.x);
    show_result(run, "ascent", result);
    warn_of_a_plain(run, result);
    run.results["images"] = look_again(run, work.target, images, names());
    run.results["target"] = work.target.description;
    run.save("image", work.space->pixels(result.x));
  }

 private:
  /// What the keys and the model make of a run.
  struct Work {
    Shape batch;
    Target target;
    std::unique_ptr<Parameterisation> space;
    Model network;
    PlanRequest request;
    double l2_weight;
  };

  void take_defaults_of_fourier() {
    loop_.steps = 512;
    lr_ = 0.05;
    start_sd_ = 0.01;
    l2_ = 0;
    blur_steps_ = 0;
    transforms_.pad = 12;
    transforms_.jitter = 8;
    transforms_.scale = {0.9, 1.1};
    transforms_.rotate = 10;
    transforms_.jitter_after = 4;
  }

  void refuse_contradictions() const {
    if (space_ == Space::fourier && (blur_steps_ > 0 || clips()))
      throw InputError(
          "blur and clipping change pixels; with \"parameterization\": \"fourier\" there are none to change");
    if (diversity_ > 0 && seeds_ < 2)
      throw InputError("'diversity' drives images apart: 'seeds' must be at least 2, found " + std::to_string(seeds_));
    if (seeds_ > 1 && start_sd_ == 0 && transforms_.text().empty())
      throw InputError("'seeds' are alike without noise or jitter: 'start_sd' or 'jitter' must be above 0");
  }

  Work plan(const Run& run) const {
    refuse_contradictions();
    const InputSpec& input = run.model().image_input();
    const auto& size = run.keys().size;
    const Shape image{1, input.shape.c(), size.empty() ? input.shape.h() : size[0],
                      size.empty() ? input.shape.w() : size[1]};
    Work work{.batch = {seeds_, image.c(), image.h(), image.w()}, .target = target_.target(run.model(), image)};
    work.space = space_ == Space::fourier ? fourier_parameterisation(input, work.batch)
                                          : pixel_parameterisation(input, work.batch);
    GraphBuilder graph("class_visualization");
    const std::string normalised = work.space->add(graph, "x");
    const std::string seen = transforms_.add(graph, normalised);
    graph.append(run.model(), seen);
    if (l2_ > 0) graph.add("l2", "alpha_norm", {normalised}, {{"alpha", 2}});
    if (diversity_ > 0) graph.add("gram", "gram", {likeness_layer(run, image)});
    const double unit = imagenet_grey_levels * grey_level(input);
    const double std = mean_std(input);
    work.l2_weight = l2_ * std * std / (unit * unit);
    work.network = graph.model();
    work.request = {
        .device = run.device(), .batch = seeds_, .losses = Objective(terms(work)).layers(), .gradients = {"x"}};
    return work;
  }

  std::string likeness_layer(const Run& run, const Shape& image) const {
    return diversity_layer_.empty() ? last_map(run.model(), image) : run.model().layer(diversity_layer_).name;
  }

  std::vector<Term> terms(const Work& work) const {
    std::vector<Term> terms{{"score", work.target.loss, -1}};
    if (l2_ > 0) terms.push_back({"L2", layer_sum("l2"), work.l2_weight});
    if (diversity_ > 0) terms.push_back({"likeness", mean_cosine("gram"), diversity_});
    return terms;
  }

  bool clips() const { return clip_small_pixels_ > 0 || clip_small_gradients_ > 0; }

  LoopResult optimise(Run& run, const Work& work) const {
    const int64_t seed = run.keys().seed;
    const InputSpec& input = run.model().image_input();
    std::optional<Blur> blur;
    if (blur_steps_ > 0) blur.emplace(work.batch, blur_sigma_);
    Array gradient;
    const LoopHooks hooks{.change_gradient = [&](Array& g) { gradient = clip_small_gradients_ > 0 ? g : Array(); },
                          .after =
                              [&](int64_t step, Array& x) {
                                if (blur && step > 0 && step % blur_steps_ == 0) blur->apply(x);
                                if (!clips() || step == 0 || step % clip_steps_ != 0) return;
                                if (clip_small_gradients_ > 0)
                                  clip_small(x, gradient, clip_small_gradients_, input.mean);
                                if (clip_small_pixels_ > 0)
                                  clip_small(x, distance(x, input.mean), clip_small_pixels_, input.mean);
                              },
                          .picture = [&](const Array& x) { return side_by_side(pictures(run, work, x)); }};
    Checkpoint checkpoint(run);
    SessionEvaluator evaluator(Objective(terms(work)), work.network, run.open(work.network, work.request), "x",
                               [&](int64_t step, Session& s) { transforms_.set(s, seed, step, seeds_); });
    Loop loop(run, "ascent", loop_, checkpoint, evaluator, hooks);
    return loop.minimise(*work.space->minimiser(lr_), work.space->start(start_sd_, seed));
  }

  static Array distance(const Array& x, std::span<const double> mean) {
    Array difference = x;
    const auto plane = static_cast<size_t>(x.shape.h() * x.shape.w());
    for (size_t i = 0; i < x.values.size(); ++i)
      difference.values[i] -= static_cast<float>(mean[i / plane % mean.size()]);
    return difference;
  }

  static std::vector<Image> pictures(const Run& run, const Work& work, const Array& x) {
    const Array pixels = work.space->pixels(x);
    std::vector<Image> images;
    for (int64_t n = 0; n < pixels.shape.n(); ++n)
      images.push_back(rounded_to_8_bits(from_pixels(pixels, run.model().image_input(), n)));
    return images;
  }

  static Image side_by_side(const std::vector<Image>& images) {
    if (images.size() == 1) return images[0];
    return tile_grid(images, square_columns(static_cast<int>(images.size()), images[0].height, images[0].width), 2);
  }

  static std::vector<Image> show_images(Run& run, const Work& work, const Array& x) {
    std::vector<Image> images = pictures(run, work, x);
    if (images.size() == 1) {
      run.show("image", images[0], work.target.description);
      return images;
    }
    for (size_t n = 0; n < images.size(); ++n)
      run.show("image-" + std::to_string(n), images[n], work.target.description + ", image " + std::to_string(n));
    run.show("images", side_by_side(images), "all images");
    return images;
  }

  // Pixels stay near the mean colour, where L2 and blur keep them.
  void show_stretched(Run& run, const Array& x) const {
    const InputSpec& input = run.model().image_input();
    const Array difference = distance(x, input.mean);
    std::vector<Image> images;
    for (int64_t n = 0; n < seeds_; ++n) images.push_back(signed_to_unit_range(to_image(difference, input, n), 99.5));
    run.show("stretched", side_by_side(images), "colours stretched around the mean");
  }

  // A start at which nothing leads uphill is never left.
  static void warn_of_a_plain(Run& run, const LoopResult& result) {
    const std::vector<double>& scores = result.terms[0];
    if (scores.size() < 2 || std::ranges::any_of(scores, [&](double score) { return score != scores[0]; })) return;
    const std::string warning =
        "the target never changed: a ReLU before it is off at the start, which 'start_sd' moves";
    run.section().notes.push_back(warning);
    run.say(warning);
  }

  std::vector<std::string> names() const {
    if (seeds_ == 1) return {"the picture, in 8 bits"};
    std::vector<std::string> names;
    for (int64_t n = 0; n < seeds_; ++n) names.push_back("image " + std::to_string(n) + ", in 8 bits");
    return names;
  }

  // Which of the lecture's variants the keys make.
  std::string variant() const {
    std::string text = space_ == Space::fourier ? "Spectrum of decorrelated colours" : "Pixels";
    text += ", " + std::to_string(loop_.steps) + " steps of " + number(lr_);
    if (l2_ > 0) text += "; L2 " + number(l2_);
    if (!transforms_.text().empty()) text += "; " + transforms_.text();
    if (blur_steps_ > 0)
      text += "; blur of sigma " + number(blur_sigma_) + " every " + std::to_string(blur_steps_) + " steps";
    if (clip_small_pixels_ > 0) text += "; the " + number(clip_small_pixels_) + " % smallest pixels clipped";
    if (clip_small_gradients_ > 0)
      text += "; the " + number(clip_small_gradients_) + " % pixels with the smallest gradients clipped";
    if (diversity_ > 0) text += "; diversity " + number(diversity_);
    return text;
  }

  TargetKeys target_;
  Space space_ = Space::pixels;
  int64_t seeds_ = 1;
  LoopKeys loop_;
  double lr_ = 25, start_sd_ = 0, l2_ = 1e-3;
  TransformKeys transforms_;
  int64_t blur_steps_ = 4, clip_steps_ = 10;
  double blur_sigma_ = 1, clip_small_pixels_ = 0, clip_small_gradients_ = 0;
  double diversity_ = 0;
  std::string diversity_layer_;
};

const RegisterAlgorithm class_visualization_registered({"class_visualization",
                                                        "an image that a class or a neuron answers most to",
                                                        "Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034",
                                                        make_algorithm<ClassVisualization>});

}  // namespace
}  // namespace convlens::viz
