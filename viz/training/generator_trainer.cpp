#include "viz/training/generator_trainer.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/io/tile.h"
#include "viz/optimisation/pixels.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

constexpr int64_t previewed_views = 10;

// Crops are squares.
int64_t edge_of(const Model& encoder) {
  const Shape& image = encoder.image_input().shape;
  if (image.h() != image.w())
    throw InputError("the encoder '" + encoder.name + "' must see squares, found " + std::to_string(image.h()) + " x " +
                     std::to_string(image.w()));
  return image.h();
}

PlanRequest with_objective(PlanRequest request, const GeneratorGraph& graph, const Objective& objective,
                           const std::string& device, int64_t batch) {
  request.device = resolve_device(device);
  request.batch = batch;
  request.losses = objective.layers();
  request.frozen = graph.frozen;
  return request;
}

}  // namespace

void GeneratorKeys::describe(ParamVisitor& v) {
  TrainingKeys::describe(v);
  v.field({.name = "data", .doc = "a folder of images to train on", .required = true}, data);
  v.field({.name = "validation", .doc = "a folder of images that are not trained on, for previews", .required = true},
          validation);
  v.field({.name = "encoder", .doc = "a model's folder: the network that is inverted", .required = true}, encoder);
  v.field({.name = "layer", .doc = "of the encoder, whose value is the code", .required = true}, loss.layer);
  v.field({.name = "feature_layers", .doc = "of the encoder, where features are compared", .required = true},
          loss.feature_layers);
  v.field({.name = "image_weight", .doc = "of the mean square between pixels, 0..1", .min = 0}, loss.image_weight);
  v.field({.name = "feature_weight", .doc = "of the mean square between features, for each layer", .min = 0},
          loss.feature_weight);
  v.field({.name = "steps", .doc = "of training", .min = 1}, steps);
  v.field({.name = "preview_steps", .doc = "steps from one preview to the next", .min = 1}, preview_steps);
  v.field({.name = "momentum", .doc = "share of the newest batch in a batch norm's statistics", .min = 0, .max = 1},
          momentum);
}

GeneratorTrainer::GeneratorTrainer(const Model& generator, const Model& encoder, const GeneratorKeys& keys,
                                   Optimizer optimizer, std::vector<Image> views, ProcessGroup& group)
    : keys_(keys),
      group_(group),
      batch_(group.share_of(keys.batch)),
      encoder_(encoder),
      weights_(generator, std::move(optimizer), keys.momentum, group),
      graph_(make_generator_graph(weights_.graph().training, encoder, keys.loss, batch_)),
      objective_(graph_.terms),
      crops_(keys.data, encoder.image_input(), {.size = edge_of(encoder), .flip = keys.flip, .seed = keys.seed}),
      views_(std::move(views)),
      session_(std::make_unique<Session>(graph_.model,
                                         with_objective(weights_.request(), graph_, objective_, keys.device, batch_))) {
  record = TrainingRecord(names_of(objective_.terms()));
}

double GeneratorTrainer::step() {
  if (steps_done() == 0) look();
  const double rate = scheduled_rate(keys_.schedule, steps_done(), steps());
  session_->set_input(graph_.image, crops_.batch(steps_done() * keys_.batch + group_.rank() * batch_, batch_));
  check_loss(objective_.evaluate(*session_), steps_done() + 1, graph_.model, *session_, objective_.terms());
  std::vector<double> means(objective_.values().begin(), objective_.values().end());
  group_.all_reduce_mean(means);
  record.training.add(means);
  weights_.update(*session_, rate);
  if (steps_done() % keys_.preview_steps == 0 || steps_done() == steps()) look();
  if (steps_done() == steps()) broken_ = gathered(group_, crops_.broken());
  return record.training.totals.back();
}

// Views first, first + 1, ...; beyond the last, the last again.
Array GeneratorTrainer::view_batch(int64_t first) const {
  const InputSpec& input = encoder_.image_input();
  Array batch({batch_, input.shape.c(), input.shape.h(), input.shape.w()});
  auto to = batch.values.begin();
  for (int64_t i = first; i < first + batch_; ++i) {
    const int64_t view = std::min(i, std::ssize(views_) - 1);
    to = std::ranges::copy(to_tensor(views_[static_cast<size_t>(view)], input).values, to).out;
  }
  return batch;
}

// By the network as it will be used, batch norms folded.
void GeneratorTrainer::look() {
  const GeneratorGraph graph = make_generator_graph(model(), encoder_, keys_.loss, batch_);
  PlanRequest request{.device = resolve_device(keys_.device), .batch = batch_, .observe = {graph.picture}};
  for (const Term& term : graph.terms) request.observe.push_back(term.loss.layer);
  Session session(graph.model, request);
  const InputSpec spec = generated_spec(encoder_.image_input());
  const auto count = std::ssize(views_);
  const int64_t every = (count + previewed_views - 1) / previewed_views;
  std::vector<double> means(graph.terms.size());
  std::vector<Image> seen, made;
  for (int64_t first = 0; first < count; first += batch_) {
    session.set_input(graph.image, view_batch(first));
    session.forward();
    const int64_t here = std::min(batch_, count - first);
    add_means(session, graph.terms, batch_, here, static_cast<double>(here) / static_cast<double>(count), means);
    const Array pictures = session.value(graph.picture);
    for (int64_t i = first; i < first + here; ++i) {
      if (i % every != 0) continue;
      seen.push_back(to_rgb(views_[static_cast<size_t>(i)]));
      made.push_back(to_rgb(clamp(from_pixels(pictures, spec, i - first))));
    }
  }
  record.validation.add(means);
  const auto columns = static_cast<int>(seen.size());
  seen.insert(seen.end(), made.begin(), made.end());
  record.previews.push_back({steps_done(), encode_png(tile_grid(seen, columns, 2))});
  say("step " + std::to_string(steps_done()) + ": loss of unseen images " + fixed(record.validation.totals.back(), 4));
}

Json GeneratorTrainer::state() const {
  Json state = record.state();
  state["weights"] = weights_.state();
  return state;
}

void GeneratorTrainer::restore(const Json& state) {
  record.restore(state);
  weights_.restore(state.at("weights"), steps_done());
  session_->reload_weights();
}

}  // namespace convlens::viz
