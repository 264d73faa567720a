// The algorithm that shows one method's answer: it chooses the class, draws the map and the map over the photo.

#include "kernels/base/params.h"
#include "viz/attribution/method.h"
#include "viz/io/normalize.h"
#include "viz/io/overlay.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class ExplainBy final : public Algorithm {
 public:
  explicit ExplainBy(std::unique_ptr<AttributionMethod> method) : method_(std::move(method)) {}

  void describe(ParamVisitor& v) override {
    v.field({.name = "class", .doc = "number or name of the class; by default the one the network finds most probable"},
            class_);
    method_->describe(v);
    v.field({.name = "clip_percentile",
             .doc = "percentile of the magnitudes that is shown brightest",
             .min = 50,
             .max = 100},
            clip_);
    v.choice({.name = "color_map", .doc = "of a map without sign over the photo"}, color_map_,
             {"inferno", "viridis", "turbo", "grey"});
    v.field({.name = "alpha", .doc = "opacity of the map over the photo", .min = 0, .max = 1}, alpha_);
  }

  std::optional<PlanRequest> request(const Run& run) const override { return method_->request(question(run)); }

  void execute(Run& run, Session* session) override {
    const ClassQuestion asked = choose_class(question(run), class_, *session);
    const Attribution answer = method_->attribute(asked, *session);
    show(run, answer);
    report_class(run, asked.target);
    for (const Figure& figure : answer.figures) run.figure(figure.name, figure.value);
    for (const std::string& line : answer.said) run.say(line);
    run.results.update(answer.results);
  }

 private:
  static Question question(const Run& run) {
    return {.model = run.model(),
            .input = run.tensor(),
            .device = run.device(),
            .seed = static_cast<uint64_t>(run.keys().seed),
            .display = run.display()};
  }

  void show(Run& run, const Attribution& answer) const {
    const std::string& name = run.keys().algorithm;
    for (const auto& [file, array] : answer.arrays) run.save(file, array);
    run.show("image", run.view(), "the photo as the network sees it");
    const Image shown =
        answer.has_sign ? signed_to_unit_range(answer.map, clip_) : to_unit_range_clipped(answer.map, clip_);
    const ColorMap colours = answer.has_sign ? ColorMap::coolwarm : color_map_by_name(color_map_);
    const bool coarse = shown.width < run.view().width;
    run.show(name, answer.has_sign ? apply(colours, shown) : shown,
             answer.has_sign ? "the map: red speaks for the class, blue against it"
                             : "the map: the brighter, the more it matters",
             coarse ? Scaling::pixelated : Scaling::smooth);
    run.show("overlay", overlay(run.view(), shown, colours, static_cast<float>(alpha_)), "the map over the photo");
    for (const auto& [file, picture] : answer.pictures) run.show(file, picture.image, picture.caption);
  }

  static void report_class(Run& run, const ClassScore& c) {
    run.figure("class", c.name);
    run.figure("probability", percent(c.probability));
    run.results["class"] = {{"index", c.index}, {"name", c.name}, {"probability", c.probability}, {"score", c.score}};
    run.say(run.keys().algorithm + " of " + c.name + " (" + percent(c.probability) + ")");
  }

  std::unique_ptr<AttributionMethod> method_;
  NumberOrName class_ = "";
  double clip_ = 99, alpha_ = 0.6;
  std::string color_map_ = "inferno";
};

}  // namespace

std::unique_ptr<Algorithm> explain_by(std::unique_ptr<AttributionMethod> method) {
  return std::make_unique<ExplainBy>(std::move(method));
}

}  // namespace convlens::viz
