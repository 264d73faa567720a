// attribution_compare: several methods' answers for one photo, and what the network makes of each.
//
// Every map is scaled to 0..1 (its least value, its `clip_percentile`) and drawn in the same colours; of maps with a
// sign only what speaks for the class. Then the pixels are inserted and deleted in each map's order (Petsiuk, Das and
// Saenko, "RISE", 2018; viz/attribution/insertion_deletion.h): a large area under the insertion curve and a small one
// under the deletion curve say that the map found what the network uses. A random order stands beside them as what
// knowing nothing is worth.
//
// The areas judge a map's fidelity to the network, not whether it is right about the object, and they have a taste of
// their own: the pictures in between are like none that the network was trained on, deletion favours scattered pixels
// (they break textures), insertion coherent ones.

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

#include "kernels/base/params.h"
#include "viz/attribution/batches.h"
#include "viz/attribution/insertion_deletion.h"
#include "viz/file_name.h"
#include "viz/io/normalize.h"
#include "viz/io/overlay.h"
#include "viz/io/resize.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class AttributionCompare final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "class", .doc = "number or name of the class; by default the one the network finds most probable"},
            class_);
    v.field({.name = "methods",
             .doc = "each a method and its keys, as in \"grad_cam variant=layer_cam\"; by default all there are"},
            methods_);
    v.field({.name = "steps", .doc = "of the insertion and deletion curves", .min = 1, .max = 100000}, steps_);
    v.field({.name = "clip_percentile", .doc = "percentile of a map that is shown brightest", .min = 50, .max = 100},
            clip_);
    v.field({.name = "alpha", .doc = "opacity of a map over the photo", .min = 0, .max = 1}, alpha_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    return InsertionDeletion::request(question(run), steps_);
  }

  void execute(Run& run, Session* session) override {
    const auto compared = chosen_methods();
    const ClassQuestion asked = choose_class(question(run), class_, *session);
    const InsertionDeletion judge(asked, steps_);
    run.figure("class", asked.target.name);
    run.figure("probability", percent(asked.target.probability));
    run.results["class"] = {
        {"index", asked.target.index}, {"name", asked.target.name}, {"probability", asked.target.probability}};
    run.show("image", run.view(), "the photo as the network sees it");
    begin_curves(run);
    Progress progress("attribution_compare", "method", std::ssize(compared) + 1, run.display());
    for (const auto& [name, method] : compared) {
      const auto start = std::chrono::steady_clock::now();
      const Image map = answer_of(*method, asked);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      run.show(file_name(name), drawn(run, map), name);
      add_curves(run, name, judge.curves(pixels_by_importance(map), *session), milliseconds(seconds));
      progress.advance(1, name);
    }
    add_curves(run, "random order", judge.curves(random_order(asked), *session), "");
    progress.advance(1, "random order");
    say_areas(run);
  }

 private:
  using Compared = std::vector<std::pair<std::string, std::unique_ptr<AttributionMethod>>>;

  static Question question(const Run& run) {
    return {.model = run.model(),
            .input = run.tensor(),
            .device = run.device(),
            .seed = static_cast<uint64_t>(run.keys().seed),
            .display = run.display()};
  }

  Compared chosen_methods() const {
    std::vector<std::string> names = methods_;
    if (names.empty())
      for (const MethodInfo& info : attribution_methods())
        for (const std::string& settings : info.compared)
          names.push_back(info.name + (settings.empty() ? "" : " " + settings));
    Compared list;
    for (size_t i = 0; i < names.size(); ++i)
      list.emplace_back(names[i], make_method(names[i], "'methods[" + std::to_string(i) + "]'"));
    return list;
  }

  // A map of the photo's size.
  static Image answer_of(const AttributionMethod& method, const ClassQuestion& asked) {
    Session session(asked.model, method.request(asked));
    run_repeated(session, asked.input_name(), asked.input);
    const Attribution answer = method.attribute(asked, session);
    const Shape& s = asked.input.shape;
    return resize(answer.map, static_cast<int>(s.h()), static_cast<int>(s.w()), Filter::bilinear);
  }

  Image drawn(const Run& run, const Image& map) const {
    const Image for_class = clamp(map, 0, std::max(value_range(map).high, 0.0F));
    return overlay(run.view(), to_unit_range_clipped(for_class, clip_), ColorMap::inferno, static_cast<float>(alpha_));
  }

  static std::vector<size_t> random_order(const ClassQuestion& asked) {
    std::vector<size_t> order(static_cast<size_t>(asked.input.shape.h() * asked.input.shape.w()));
    std::iota(order.begin(), order.end(), size_t{0});
    std::mt19937_64 random(asked.seed);
    std::ranges::shuffle(order, random);
    return order;
  }

  void begin_curves(Run& run) const {
    const std::string x = "steps, each 1/" + std::to_string(steps_) + " of the pixels";
    run.section().charts = {{.title = "Insertion: the higher, the better", .x_label = x, .y_label = "probability"},
                            {.title = "Deletion: the lower, the better", .x_label = x, .y_label = "probability"}};
    run.section().tables = {
        {.caption = "Areas under the curves", .header = {"method", "insertion", "deletion", "time"}}};
    run.results["methods"] = Json::array();
  }

  static void add_curves(Run& run, const std::string& name, const CausalCurves& curves, const std::string& time) {
    const double insertion = area_under(curves.insertion), deletion = area_under(curves.deletion);
    run.section().charts[0].series.push_back({name, curves.insertion});
    run.section().charts[1].series.push_back({name, curves.deletion});
    run.section().tables[0].rows.push_back({name, fixed(insertion, 3), fixed(deletion, 3), time});
    run.results["methods"].push_back({{"method", name}, {"insertion_area", insertion}, {"deletion_area", deletion}});
  }

  static void say_areas(Run& run) {
    run.say(padded("method", 32) + "  insertion  deletion");
    for (const auto& row : run.section().tables[0].rows)
      run.say(padded(row[0], 32) + "  " + padded(row[1], -9) + "  " + padded(row[2], -8));
  }

  NumberOrName class_ = "";
  std::vector<std::string> methods_;
  int64_t steps_ = 32;
  double clip_ = 99, alpha_ = 0.6;
};

const RegisterAlgorithm attribution_compare_registered({"attribution_compare",
                                                        "several methods' answers, with insertion and deletion curves",
                                                        "Petsiuk, Das and Saenko 2018, arXiv:1806.07421",
                                                        make_algorithm<AttributionCompare>});

}  // namespace
}  // namespace convlens::viz
