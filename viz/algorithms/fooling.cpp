// fooling: a photo changed so little that nobody sees it, until the network takes it for something else.
//
//   ascent  steps of one length along the gradient of the loss, g / ||g||, until the goal is reached (Szegedy et al.,
//           "Intriguing properties of neural networks", 2014, as CS231n's lecture takes it)
//   fgsm    one step of epsilon along sign(g) (Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial
//           Examples", 2015)
//   pgd     many small steps, after each of which the change is projected into the ball of radius epsilon, with
//           sign(g) in the norm L-inf and g / ||g|| in L2 (Madry et al., "Towards Deep Learning Models Resistant to
//           Adversarial Attacks", 2018)
//
// The loss is the cross-entropy of the target, or with no target that of the photo's own class, uphill. Whether the
// network is fooled is judged by the PNG that was written, read back.

#include <algorithm>
#include <cmath>
#include <memory>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/class_names.h"
#include "viz/optimisation/loop.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/session_evaluator.h"
#include "viz/preprocess.h"
#include "viz/text.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

enum class Attack { ascent, fgsm, pgd };
enum class Norm { linf, l2 };

/// A network that says what it sees in a picture.
class Judge {
 public:
  Judge(Run& run, const Model& model, int height, int width)
      : model_(model), height_(height), width_(width), session_(run.open(model, request(run, model, height, width))) {}

  std::vector<ClassScore> classes_of(const Image& image) const { return ranked_classes(model_, scores_of(image)); }

  Array scores_of(const Image& image) const {
    const InputSpec& input = model_.image_input();
    session_->set_input(input.name, to_tensor(network_view(image, whole(input), height_, width_), input));
    session_->forward();
    return session_->value(model_.output);
  }

 private:
  static PlanRequest request(const Run& run, const Model& model, int height, int width) {
    const InputSpec& input = model.image_input();
    return {.device = run.device(),
            .input_shapes = {{input.name, {1, input.shape.c(), height, width}}},
            .observe = {model.output}};
  }

  // The picture is what the network sees already: nothing is cut off.
  static InputSpec whole(InputSpec input) {
    input.crop = 1;
    return input;
  }

  const Model& model_;
  int height_, width_;
  std::unique_ptr<Session> session_;
};

double probability(const std::vector<ClassScore>& classes, int64_t index) {
  return std::ranges::find(classes, index, &ClassScore::index)->probability;
}

/// How far two pictures are from each other, in grey levels of 8 bits.
struct Change {
  double mean = 0, max = 0, l2 = 0;
};

Change change_between(const Image& a, const Image& b) {
  Change change;
  double squares = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double d = 255 * std::abs(static_cast<double>(a.values[i]) - b.values[i]);
    change.mean += d / static_cast<double>(a.values.size());
    change.max = std::max(change.max, d);
    squares += d * d;
  }
  change.l2 = std::sqrt(squares);
  return change;
}

Image difference_picture(const Image& before, const Image& after) {
  Image picture = after;
  for (size_t i = 0; i < picture.values.size(); ++i)
    picture.values[i] = 0.5F + 10 * (after.values[i] - before.values[i]);
  return clamp(std::move(picture));
}

class Fooling final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field(
        {.name = "target", .doc = "the class to be seen, by number or name; with none any other than the photo's own"},
        target_);
    v.choice(
        {.name = "method", .doc = "normalised steps until the goal is reached, one signed step, or projected steps"},
        method_, {{"ascent", Attack::ascent}, {"fgsm", Attack::fgsm}, {"pgd", Attack::pgd}});
    v.choice({.name = "norm", .doc = "of pgd's ball"}, norm_, {{"linf", Norm::linf}, {"l2", Norm::l2}});
    v.field({.name = "epsilon",
             .doc = "how far fgsm and pgd may go, in grey levels: of any pixel (linf), or root mean square (l2)",
             .min = 0},
            epsilon_);
    v.field({.name = "lr", .doc = "of a step, root mean square in grey levels; pgd in linf: of each pixel", .min = 0},
            lr_);
    v.field({.name = "steps", .doc = "at most", .min = 0}, steps_);
    v.field({.name = "confidence", .doc = "the probability at which a target is reached", .min = 0, .max = 1},
            confidence_);
    v.field({.name = "second_model", .doc = "another network that looks at the changed photo"}, second_model_);
  }

  std::vector<Stage> stages(const Run& run) const override {
    const auto [model, request] = objective_network(run);
    return {{"the loss", model, request}};
  }

  std::map<std::string, std::string> more_inputs() const override {
    if (second_model_.empty()) return {};
    return {{"second_model", read_model(second_model_)->sha256}};
  }

  void execute(Run& run, Session*) override {
    const Model& model = run.model();
    const Image before = rounded_to_8_bits(run.view());
    const Judge judge(run, model, before.height, before.width);
    const auto seen_before = judge.classes_of(before);
    const int64_t wanted =
        target_ == NumberOrName("") ? seen_before[0].index : find_class(model, target_, judge.scores_of(before));
    if (is_targeted() && wanted == seen_before[0].index)
      throw InputError("'target': the photo is seen as '" + seen_before[0].name + "' already; name another class");

    const auto reached = [&](const Image& image) {
      const auto seen = judge.classes_of(image);
      return is_targeted() ? probability(seen, wanted) >= confidence_ : seen[0].index != wanted;
    };
    const Image after = rounded_to_8_bits(change(run, before, wanted, reached));
    const auto seen_after = judge.classes_of(after);
    run.show("before", before, "before: " + text_of(seen_before[0]));
    run.show("after", after, "after: " + text_of(seen_after[0]));
    run.show("difference", difference_picture(before, after), "the change, ten times as strong; grey is none");
    report(run, wanted, {seen_before, seen_after}, change_between(before, after), reached(after));
    if (!second_model_.empty()) ask_another(run, before, after);
  }

 private:
  struct Seen {
    std::vector<ClassScore> before, after;
  };

  bool is_targeted() const { return target_ != NumberOrName(""); }

  static std::pair<Model, PlanRequest> objective_network(const Run& run) {
    const InputSpec& input = run.model().image_input();
    const Image& view = run.view();
    GraphBuilder graph("fooling");
    graph.append(run.model(), add_normalisation(
                                  graph, graph.image_input("pixels", input.shape.c(), view.height, view.width), input));
    return {graph.model(), {.device = run.device(), .losses = {run.model().output}, .gradients = {"pixels"}}};
  }

  // The photo after all steps, as floats.
  Image change(Run& run, const Image& before, int64_t wanted, const std::function<bool(const Image&)>& reached) const {
    const InputSpec& input = run.model().image_input();
    const auto [network, request] = objective_network(run);
    const auto session = run.open(network, request);
    const Objective objective(
        {{"cross-entropy", cross_entropy(run.model().output, {wanted}), is_targeted() ? 1.0 : -1.0}});
    SessionEvaluator evaluator(objective, network, run.open(network, request), "pixels");
    const Array start = to_pixels(before, input);
    const LoopKeys keys = loop_keys();
    const LoopHooks hooks{.change_gradient =
                              [&](Array& gradient) {
                                if (takes_signs()) signs_of(gradient);
                              },
                          .after =
                              [&](int64_t, Array& x) {
                                if (method_ != Attack::ascent) project(start, grey_level(input), x);
                              },
                          .reached =
                              [&](const Array& x) {
                                return method_ != Attack::fgsm && reached(rounded_to_8_bits(from_pixels(x, input)));
                              }};
    Checkpoint checkpoint(run);
    Loop loop(run, "fooling", keys, checkpoint, evaluator, hooks);
    const auto minimiser = make_minimiser("gradient_ascent", step_params(input, start.values.size()), start.shape);
    const LoopResult result = loop.minimise(*minimiser, start);
    show_result(run, "fooling", result);
    return from_pixels(result.x, input);
  }

  LoopKeys loop_keys() const {
    LoopKeys keys;
    keys.steps = method_ == Attack::fgsm ? 1 : steps_;
    return keys;
  }

  bool takes_signs() const { return method_ == Attack::fgsm || (method_ == Attack::pgd && norm_ == Norm::linf); }

  static void signs_of(Array& gradient) {
    for (float& g : gradient.values) g = g > 0 ? 1.0F : g < 0 ? -1.0F : 0.0F;
  }

  Json step_params(const InputSpec& input, size_t pixels) const {
    Json params{{"min", input.range[0]}, {"max", input.range[1]}};
    const double length = grey_level(input) * (method_ == Attack::fgsm ? epsilon_ : lr_);
    params["lr"] = takes_signs() ? length : length * std::sqrt(static_cast<double>(pixels));
    if (!takes_signs()) params["normalisation"] = "l2";
    return params;
  }

  // Into the ball around the photo. Between two images within the range all are.
  void project(const Array& start, double grey, Array& x) const {
    const double radius = epsilon_ * grey;
    double squares = 0;
    for (size_t i = 0; i < x.values.size(); ++i) {
      const double d = static_cast<double>(x.values[i]) - start.values[i];
      squares += d * d;
    }
    const double size = std::sqrt(squares / static_cast<double>(x.values.size()));
    for (size_t i = 0; i < x.values.size(); ++i) {
      const double d = static_cast<double>(x.values[i]) - start.values[i];
      const double kept = norm_ == Norm::linf || method_ == Attack::fgsm ? std::clamp(d, -radius, radius)
                          : size > radius                                ? d * radius / size
                                                                         : d;
      x.values[i] = static_cast<float>(start.values[i] + kept);
    }
  }

  static std::string text_of(const ClassScore& seen) { return seen.name + ", " + percent(seen.probability); }

  void report(Run& run, int64_t wanted, const Seen& seen, const Change& change, bool is_fooled) const {
    Table table{.caption = "What the network sees", .header = {"before", "", "after", ""}};
    for (size_t i = 0; i < std::min<size_t>(5, seen.before.size()); ++i)
      table.rows.push_back({seen.before[i].name, percent(seen.before[i].probability), seen.after[i].name,
                            percent(seen.after[i].probability)});
    run.section().tables.push_back(std::move(table));
    run.figure("fooled", is_fooled ? "yes" : "no");
    run.figure("mean change", fixed(change.mean, 3) + " grey levels");
    run.figure("greatest change", fixed(change.max, 0) + " grey levels");
    run.results["fooled"] = is_fooled;
    run.results["target"] = wanted;
    run.results["before"] = {{"class", seen.before[0].index}, {"probability", seen.before[0].probability}};
    run.results["after"] = {{"class", seen.after[0].index},
                            {"probability", seen.after[0].probability},
                            {"probability_of_target", probability(seen.after, wanted)}};
    run.results["change"] = {{"mean", change.mean}, {"max", change.max}, {"l2", change.l2}};
    run.say("before: " + text_of(seen.before[0]) + "; after: " + text_of(seen.after[0]) + "; mean change " +
            fixed(change.mean, 3) + " grey levels");
  }

  void ask_another(Run& run, const Image& before, const Image& after) const {
    const auto model = read_model(second_model_);
    const Shape& shape = model->image_input().shape;
    const Judge judge(run, *model, static_cast<int>(shape.h()), static_cast<int>(shape.w()));
    const ClassScore first = judge.classes_of(before)[0], then = judge.classes_of(after)[0];
    run.figure(model->name + " sees", text_of(first) + "; after the change " + text_of(then));
    run.results["second_model"] = {{"name", model->name},
                                   {"before", {{"class", first.index}, {"probability", first.probability}}},
                                   {"after", {{"class", then.index}, {"probability", then.probability}}}};
    run.say(model->name + " sees " + text_of(first) + "; after the change " + text_of(then));
  }

  NumberOrName target_ = "";
  Attack method_ = Attack::ascent;
  Norm norm_ = Norm::linf;
  double epsilon_ = 4, lr_ = 0.2, confidence_ = 0.9;
  int64_t steps_ = 100;
  std::filesystem::path second_model_;
};

const RegisterAlgorithm fooling_registered({"fooling",
                                            "a photo changed invisibly, until the network sees something else",
                                            "Goodfellow, Shlens and Szegedy 2015, arXiv:1412.6572",
                                            make_algorithm<Fooling>});

}  // namespace
}  // namespace convlens::viz
