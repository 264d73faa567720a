// saliency: how much the class score would change with each pixel.
//
// The gradient w = dS_c/dI of the score S_c (before softmax) with respect to the image I, one number a colour channel.
// The map is max over the channels of |w| (Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2014,
// section 3.1). `signed` keeps the sign of the channel whose magnitude is largest. `times_input` multiplies by the
// input first (Shrikumar et al., "Not Just a Black Box", 2016): the first-order share of each pixel in the score.
//
// It tells to which pixels the score is sensitive, not where the object lies; the map is noisy because neighbouring
// pixels have no reason to have alike gradients.

#include <cmath>

#include "viz/algorithm.h"
#include "viz/class_names.h"
#include "viz/io/normalize.h"
#include "viz/io/overlay.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

// Per pixel the value of the channel with the largest magnitude.
Image strongest_channel(const Array& gradient) {
  Image map = channel_image(gradient, 0);
  for (int64_t c = 1; c < gradient.shape.c(); ++c) {
    const Image channel = channel_image(gradient, c);
    for (size_t i = 0; i < map.values.size(); ++i)
      if (std::abs(channel.values[i]) > std::abs(map.values[i])) map.values[i] = channel.values[i];
  }
  return map;
}

class Saliency final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "class", .doc = "number or name of the class; by default the one the network finds most probable"},
            class_);
    v.field({.name = "signed", .doc = "keep the sign of the gradient"}, signed_);
    v.field({.name = "times_input", .doc = "multiply the gradient by the input"}, times_input_);
    v.field({.name = "clip_percentile",
             .doc = "percentile of the magnitudes that is shown brightest",
             .min = 50,
             .max = 100},
            clip_);
    v.field({.name = "alpha", .doc = "opacity of the map over the photo", .min = 0, .max = 1}, alpha_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    PlanRequest request = run.base_request();
    request.losses = {run.model().output};
    request.gradients = {run.input_name()};
    return request;
  }

  void execute(Run& run, Session* session) override {
    session->set_input(run.input_name(), run.tensor());
    session->forward();
    const Array scores = session->value(run.model().output);
    const int64_t target = find_class(run.model(), class_, scores);
    const Loss losses[] = {class_score(run.model().output, target)};
    session->backward(losses);
    Array gradient = session->gradient(run.input_name());
    run.save("gradient", gradient);
    if (times_input_)
      for (size_t i = 0; i < gradient.values.size(); ++i) gradient.values[i] *= run.tensor().values[i];
    show(run, strongest_channel(gradient));
    report_class(run, scores, target);
  }

 private:
  void show(Run& run, Image map) const {
    run.show("image", run.view(), "the photo as the network sees it");
    if (!signed_)
      for (float& value : map.values) value = std::abs(value);
    const Image shown = signed_ ? signed_to_unit_range(map, clip_) : to_unit_range_clipped(map, clip_);
    const ColorMap colours = signed_ ? ColorMap::coolwarm : ColorMap::inferno;
    run.show("saliency", apply(signed_ ? colours : ColorMap::grey, shown),
             signed_ ? "gradient: red raises the score, blue lowers it" : "magnitude of the gradient");
    run.show("overlay", overlay(run.view(), shown, colours, static_cast<float>(alpha_)), "the map over the photo");
  }

  static void report_class(Run& run, const Array& scores, int64_t target) {
    for (const ClassScore& c : ranked_classes(run.model(), scores)) {
      if (c.index != target) continue;
      run.figure("class", c.name);
      run.figure("probability", percent(c.probability));
      run.results["class"] = {{"index", c.index}, {"name", c.name}, {"probability", c.probability}, {"score", c.score}};
      run.say("saliency of " + c.name + " (" + percent(c.probability) + ")");
    }
  }

  NumberOrName class_ = "";
  bool signed_ = false, times_input_ = false;
  double clip_ = 99, alpha_ = 0.6;
};

const RegisterAlgorithm registered({"saliency", "gradient of the class score to the pixels",
                                    "Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034", make_algorithm<Saliency>});

}  // namespace
}  // namespace convlens::viz
