#include "engine/patch_session.h"

#include <algorithm>

#include "engine/device_memory.h"
#include "kernels/base/error.h"

namespace convlens {
namespace {

const std::string& observed(const PlanRequest& request) {
  if (request.observe.size() != 1) throw InternalError("a patch session observes one layer");
  return request.observe[0];
}

/// Image `n` of an array, its upper left corner at a place of the map.
struct Tile {
  const Array& array;
  int64_t n, y, x;
};

// Writes what `from` and the part of the map that image `n` of `to` shows have in common.
void lay_over(const Tile& from, Array& to, int64_t n, int64_t y, int64_t x) {
  const Shape &a = from.array.shape, &b = to.shape;
  const Region shown{{y, y + b.h()}, {x, x + b.w()}};
  const Region common = intersection({{from.y, from.y + a.h()}, {from.x, from.x + a.w()}}, shown);
  if (common.empty()) return;
  for (int64_t c = 0; c < b.c(); ++c)
    for (int64_t row = common.y.begin; row < common.y.end; ++row) {
      const float* source = from.array.values.data() + ((from.n * a.c() + c) * a.h() + row - from.y) * a.w() - from.x;
      float* target = to.values.data() + ((n * b.c() + c) * b.h() + row - y) * b.w() - x;
      std::copy(source + common.x.begin, source + common.x.end, target + common.x.begin);
    }
}

Array first_image(const Array& batch) {
  const Shape& s = batch.shape;
  Array first({1, s.c(), s.h(), s.w()});
  std::copy_n(batch.values.begin(), first.values.size(), first.values.begin());
  return first;
}

Array repeated(const Array& image, int64_t batch) {
  const Shape& s = image.shape;
  Array all({batch, s.c(), s.h(), s.w()});
  for (auto to = all.values.begin(); to != all.values.end();) to = std::ranges::copy(image.values, to).out;
  return all;
}

}  // namespace

PatchSession::PatchSession(const Model& model, const PlanRequest& request, const PatchGrid& grid)
    : image_(model.image_input().name),
      batch_(request.batch),
      plan_(make_patch_plan(model, GraphRegions(model, request.input_shapes), observed(request), grid)) {
  PlanRequest whole = request;
  whole.batch = 1;
  whole.observe.clear();
  for (const PatchPiece& piece : plan_.pieces) {
    whole.observe.push_back(piece.output);
    pieces_.push_back(std::make_unique<Session>(
        piece.model, PlanRequest{.device = request.device, .batch = batch_, .observe = {piece.output}}));
  }
  if (!plan_.pieces.empty()) whole_ = std::make_unique<Session>(model, whole);
  tail_ = std::make_unique<Session>(
      plan_.tail, PlanRequest{.device = request.device, .batch = batch_, .observe = {plan_.tail.output}});
}

void PatchSession::set_image(const Array& image) {
  maps_[image_] = image;
  if (whole_) {
    whole_->set_input(image_, image);
    whole_->forward();
    for (const PatchPiece& piece : plan_.pieces) maps_[piece.output] = whole_->value(piece.output);
  }
  unpatched_ = first_image(run_tail([&](const std::string& name) { return repeated(maps_.at(name), batch_); }));
}

Array PatchSession::forward(const Array& patch, std::span<const Place> places) {
  if (std::ssize(places) > batch_)
    throw InternalError("at most " + std::to_string(batch_) + " places fit into a batch, found " +
                        std::to_string(places.size()));
  parts_[image_] = repeated(patch, batch_);
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const auto& inputs = plan_.pieces[i].model.inputs;
    for (size_t k = 0; k < inputs.size(); ++k) pieces_[i]->set_input(inputs[k].name, piece_of(i, k, places));
    pieces_[i]->forward();
    parts_[plan_.pieces[i].output] = pieces_[i]->value(plan_.pieces[i].output);
  }
  Array values = run_tail([&](const std::string& name) { return whole_maps(name, places); });
  const Shape& s = values.shape;
  values.shape = {std::ssize(places), s.c(), s.h(), s.w()};
  values.values.resize(static_cast<size_t>(values.shape.elements()));
  return values;
}

Array PatchSession::run_tail(const std::function<Array(const std::string&)>& map_of) {
  for (const InputSpec& input : plan_.tail.inputs) tail_->set_input(input.name, map_of(input.name));
  tail_->forward();
  return tail_->value(plan_.tail.output);
}

// What the piece's first layer reads, around each place: the image's own map, and on it what the patch has changed.
Array PatchSession::piece_of(size_t index, size_t k, std::span<const Place> places) const {
  const PatchPiece& piece = plan_.pieces[index];
  const std::string& name = piece.model.inputs[k].name;
  const Layer& layer = *piece.first;
  const auto input = static_cast<size_t>(std::ranges::find(layer.inputs, name) - layer.inputs.begin());
  const ChangedPart &from = plan_.parts.at(name), &to = plan_.parts.at(piece.output);
  const Shape& shape = piece.model.inputs[k].shape;
  Array pieces({batch_, shape.c(), shape.h(), shape.w()}, piece.beyond);
#pragma omp parallel for
  for (size_t n = 0; n < places.size(); ++n) {
    const auto [row, column] = places[n];
    const Region read = layer.op->input_region(*layer.params, piece.input_shapes, input, to.at(row, column));
    const auto i = static_cast<int64_t>(n);
    lay_over({maps_.at(name), 0, 0, 0}, pieces, i, read.y.begin, read.x.begin);
    lay_over({parts_.at(name), i, from.rows[row], from.columns[column]}, pieces, i, read.y.begin, read.x.begin);
  }
  return pieces;
}

Array PatchSession::whole_maps(const std::string& name, std::span<const Place> places) const {
  Array maps = repeated(maps_.at(name), batch_);
  const ChangedPart& part = plan_.parts.at(name);
#pragma omp parallel for
  for (size_t n = 0; n < places.size(); ++n) {
    const auto [row, column] = places[n];
    const auto i = static_cast<int64_t>(n);
    lay_over({parts_.at(name), i, part.rows[row], part.columns[column]}, maps, i, 0, 0);
  }
  return maps;
}

size_t PatchSession::bytes() const {
  size_t sum = device_bytes(tail_->plan()) + (whole_ ? device_bytes(whole_->plan()) : 0);
  for (const auto& piece : pieces_) sum += device_bytes(piece->plan());
  return sum;
}

}  // namespace convlens
