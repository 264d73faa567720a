// classify: what the network takes the photo for.
//
// p_c = exp(s_c) / sum_k exp(s_k) over the class scores s, the network's output.

#include <algorithm>
#include <cstdio>

#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/class_names.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class Classify final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "top", .doc = "how many classes are listed", .min = 1}, top_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    PlanRequest request = run.base_request();
    request.observe = {run.model().output};
    return request;
  }

  void execute(Run& run, Session* session) override {
    session->set_input(run.input_name(), run.tensor());
    session->forward();
    auto ranking = ranked_classes(run.model(), session->value(run.model().output));
    ranking.resize(std::min(ranking.size(), static_cast<size_t>(top_)));
    run.show("image", run.view(), "the photo as the network sees it");
    run.section().scores_title = "Top " + std::to_string(ranking.size()) + " classes";
    for (const ClassScore& c : ranking) {
      run.section().scores.push_back({c.name, c.probability});
      run.results["classes"].push_back(
          {{"index", c.index}, {"name", c.name}, {"probability", c.probability}, {"score", c.score}});
      run.say(percent(c.probability) + "  " + c.name);
    }
  }

 private:
  int64_t top_ = 5;
};

const RegisterAlgorithm classify_registered({"classify", "the classes a network finds most probable", "",
                                             make_algorithm<Classify>});

}  // namespace
}  // namespace convlens::viz
