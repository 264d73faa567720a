#include "viz/training/style_trainer.h"

#include <algorithm>

#include "kernels/base/params.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

constexpr int64_t previewed_photos = 3;
constexpr double batch_norm_momentum = 0.1;  // PyTorch's; norms of styles have no running statistics

PlanRequest with_objective(PlanRequest request, const StyleGraph& graph, const Objective& objective,
                           const std::string& device, int64_t batch) {
  request.device = resolve_device(device);
  request.batch = batch;
  request.losses = objective.layers();
  request.frozen = graph.frozen;
  request.observe.push_back(graph.picture);
  return request;
}

}  // namespace

PainterKeys::PainterKeys() {
  schedule = Schedule::constant;
  batch = 4;
}

void PainterKeys::describe(ParamVisitor& v) {
  TrainingKeys::describe(v);
  v.field({.name = "content", .doc = "a folder of photos to train on", .required = true}, content);
  v.field({.name = "validation", .doc = "a folder of photos that are not trained on, for previews", .required = true},
          validation);
  v.field({.name = "steps", .doc = "of training", .min = 1}, steps);
  v.field({.name = "size", .doc = "pixels of the photos' parts, each way", .min = 8}, size);
  v.field({.name = "preview_steps", .doc = "steps from one preview to the next", .min = 1}, preview_steps);
}

void StyleKeys::describe(ParamVisitor& v) {
  PainterKeys::describe(v);
  v.field({.name = "styles", .doc = "an image of each style", .required = true}, styles);
  v.field({.name = "loss_network", .doc = "a model's folder: VGG-16 or VGG-19", .required = true}, loss_network);
  v.field({.name = "content_layers", .doc = "of the loss network"}, loss.content_layers);
  v.field({.name = "style_layers", .doc = "of the loss network"}, loss.style_layers);
  v.field({.name = "content_weight", .doc = "of the mean square between features", .min = 0}, loss.content_weight);
  v.field({.name = "style_weight", .doc = "of the mean square between Gram matrices", .min = 0}, loss.style_weight);
  v.field({.name = "variation_weight", .doc = "of the mean square between neighbouring pixels, 0..1", .min = 0},
          loss.variation_weight);
  v.field({.name = "style_size", .doc = "pixels of the style images' shorter edge", .min = 8}, style_size);
}

StyleTrainer::StyleTrainer(const Model& network, const MakeGraph& make_graph, const PainterKeys& keys,
                           Optimizer optimizer, std::unique_ptr<StyleSource> styles, std::vector<Image> photos,
                           ProcessGroup& group)
    : keys_(keys),
      group_(group),
      batch_(group.share_of(keys.batch)),
      weights_(network, std::move(optimizer), batch_norm_momentum, group),
      graph_(make_graph(weights_.graph().training, batch_)),
      objective_(graph_.terms),
      crops_(keys.content, photo_input(), {.size = keys.size, .flip = keys.flip, .seed = keys.seed}),
      styles_(std::move(styles)),
      photos_(std::move(photos)),
      session_(std::make_unique<Session>(graph_.model,
                                         with_objective(weights_.request(), graph_, objective_, keys.device, batch_))) {
  record = TrainingRecord(names_of(terms()));
}

double StyleTrainer::step() {
  if (steps_done() == 0) look();
  const double rate = scheduled_rate(keys_.schedule, steps_done(), steps());
  const int64_t first = steps_done() * keys_.batch + group_.rank() * batch_;
  session_->set_input(graph_.photo, crops_.batch(first, batch_));
  session_->set_input(graph_.style, styles_->training_batch(first, batch_));
  check_loss(objective_.evaluate(*session_), steps_done() + 1, graph_.model, *session_, terms());
  std::vector<double> means(objective_.values().begin(), objective_.values().end());
  group_.all_reduce_mean(means);
  record.training.add(means);
  weights_.update(*session_, rate);
  if (steps_done() % keys_.preview_steps == 0 || steps_done() == steps()) look();
  if (steps_done() == steps()) broken_ = gathered(group_, own_broken());
  return record.training.totals.back();
}

std::map<std::string, std::string> StyleTrainer::own_broken() const {
  auto files = styles_->broken();
  files.insert(crops_.broken().begin(), crops_.broken().end());
  return files;
}

// Pictures first, first + 1, ... of all: each photo in each style. Beyond the last, the last photo again.
Array StyleTrainer::photo_batch(int64_t first) const {
  Array batch({batch_, 3, keys_.size, keys_.size});
  auto to = batch.values.begin();
  for (int64_t i = first; i < first + batch_; ++i) {
    const int64_t photo = std::min(i / styles_->preview_styles(), std::ssize(photos_) - 1);
    to = std::ranges::copy(to_tensor(photos_[static_cast<size_t>(photo)], photo_input()).values, to).out;
  }
  return batch;
}

void StyleTrainer::look() {
  const int64_t styles = styles_->preview_styles(), pictures = std::ssize(photos_) * styles;
  std::vector<double> means(terms().size());
  std::vector<Image> tiles = styles_->preview_pictures();
  const auto size = static_cast<int>(keys_.size);
  if (!tiles.empty()) tiles.insert(tiles.begin(), make_image(3, size, size, 1));
  for (int64_t first = 0; first < pictures; first += batch_) {
    session_->set_input(graph_.photo, photo_batch(first));
    session_->set_input(graph_.style, styles_->preview_batch(first, batch_));
    session_->forward();
    const int64_t count = std::min(batch_, pictures - first);
    add_means(*session_, terms(), batch_, count, static_cast<double>(count) / static_cast<double>(pictures), means);
    const Array painted = session_->value(graph_.picture);
    for (int64_t i = first; i < std::min(first + count, previewed_photos * styles); ++i) {
      if (i % styles == 0) tiles.push_back(to_rgb(photos_[static_cast<size_t>(i / styles)]));
      tiles.push_back(clamp(to_image(painted, photo_input(), i - first)));
    }
  }
  record.validation.add(means);
  record.previews.push_back({steps_done(), encode_png(tile_grid(tiles, static_cast<int>(styles) + 1, 2))});
  say("step " + std::to_string(steps_done()) + ": loss of unseen photos " + fixed(record.validation.totals.back(), 4));
}

Json StyleTrainer::state() const {
  Json state = record.state();
  state["weights"] = weights_.state();
  return state;
}

void StyleTrainer::restore(const Json& state) {
  record.restore(state);
  weights_.restore(state.at("weights"), steps_done());
  session_->reload_weights();
}

}  // namespace convlens::viz
