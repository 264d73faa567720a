#include "viz/optimisation/second_look.h"

#include <algorithm>

#include "viz/class_names.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

Array tensor_of(const std::vector<Image>& pictures, const InputSpec& input) {
  Array batch({std::ssize(pictures), input.shape.c(), pictures[0].height, pictures[0].width});
  auto place = batch.values.begin();
  for (const Image& picture : pictures) place = std::ranges::copy(to_tensor(picture, input).values, place).out;
  return batch;
}

Array image_scores(const Array& scores, int64_t n) {
  Array one({1, scores.shape.c(), 1, 1});
  std::copy_n(scores.values.begin() + n * scores.shape.c(), scores.shape.c(), one.values.begin());
  return one;
}

void show_classes(Run& run, const Target& target, const std::string& name, const Array& scores, Json& found) {
  const auto ranking = ranked_classes(run.model(), scores);
  for (const int64_t wanted : target.classes) {
    const auto& c = *std::ranges::find(ranking, wanted, &ClassScore::index);
    found["probabilities"].push_back(c.probability);
    run.figure(name + ", probability of " + c.name, percent(c.probability));
    run.say("  probability of " + c.name + ": " + percent(c.probability));
  }
  Table table{.caption = "Top 5 classes of " + name, .header = {"class", "probability"}};
  for (size_t i = 0; i < std::min<size_t>(ranking.size(), 5); ++i) {
    table.rows.push_back({ranking[i].name, percent(ranking[i].probability)});
    found["classes"].push_back({{"name", ranking[i].name}, {"probability", ranking[i].probability}});
  }
  run.section().tables.push_back(std::move(table));
}

}  // namespace

PlanRequest second_look_request(const Run& run, const Target& target, const Shape& batch) {
  PlanRequest request{.device = run.device(), .batch = batch.n(), .observe = {run.model().output}};
  if (target.loss.layer != run.model().output) request.observe.push_back(target.loss.layer);
  request.input_shapes[run.input_name()] = {1, batch.c(), batch.h(), batch.w()};
  return request;
}

Json look_again(Run& run, const Target& target, const std::vector<Image>& pictures,
                const std::vector<std::string>& names) {
  const Array batch = tensor_of(pictures, run.model().image_input());
  const auto session = run.open(run.model(), second_look_request(run, target, batch.shape));
  session->set_input(run.input_name(), batch);
  session->forward();
  const Array values = session->value(target.loss.layer), scores = session->value(run.model().output);
  Json list = Json::array();
  for (size_t n = 0; n < pictures.size(); ++n) {
    const double value = target.of_image(values, static_cast<int64_t>(n));
    run.figure(names[n] + ", " + target.description, fixed(value, 3));
    run.say(names[n] + ": " + target.description + " " + fixed(value, 3));
    Json found{{"value", value}};
    if (scores.shape.h() == 1 && scores.shape.w() == 1)
      show_classes(run, target, names[n], image_scores(scores, static_cast<int64_t>(n)), found);
    list.push_back(found);
  }
  return list;
}

}  // namespace convlens::viz
