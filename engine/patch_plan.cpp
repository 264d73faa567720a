#include "engine/patch_plan.h"

#include <algorithm>
#include <optional>

#include "kernels/base/error.h"

namespace convlens {
namespace {

// Where more of a map than this changes, cutting pieces out costs more than computing the rest again.
constexpr double worthwhile_share = 0.75;

class PatchPlanner {
 public:
  PatchPlanner(const Model& model, const GraphRegions& regions, const std::string& output, const PatchGrid& grid)
      : model_(model), regions_(regions), output_(output), grid_(grid) {}

  PatchPlan make() {
    const std::string& image = model_.image_input().name;
    find_needed();
    check_inputs(image);
    reach(image);
    plan_.parts[image] = part_of(image);
    for (const Layer& layer : model_.layers)
      if (needed_.contains(layer.name)) add(layer);
    finish_tail();
    return std::move(plan_);
  }

 private:
  void find_needed() {
    needed_ = {output_};
    ++readers_[output_];  // the caller
    for (auto layer = model_.layers.rbegin(); layer != model_.layers.rend(); ++layer)
      if (needed_.contains(layer->name))
        for (const std::string& input : layer->inputs) {
          needed_.insert(input);
          ++readers_[input];
        }
  }

  void check_inputs(const std::string& image) const {
    for (const InputSpec& input : model_.inputs)
      if (input.name != image && needed_.contains(input.name))
        throw InputError("the model '" + model_.name + "' has the input '" + input.name +
                         "' besides the image, so that no patch of the image can be looked at alone");
  }

  // Rows and columns do not depend on each other: the reach of a row of places is that of any of them.
  void reach(const std::string& image) {
    const Region all = whole_map(regions_.shape(image));
    for (const int64_t row : grid_.rows)
      for (const auto& [name, region] : regions_.reached(image, {{row, row + grid_.size[0]}, all.x}))
        reach_[name].rows.push_back(region.y);
    for (const int64_t column : grid_.columns)
      for (const auto& [name, region] : regions_.reached(image, {all.y, {column, column + grid_.size[1]}}))
        reach_[name].columns.push_back(region.x);
  }

  // Ranges of one size, the largest's, moved inwards where they would leave the map.
  static int64_t widen(const std::vector<IndexRange>& ranges, int64_t extent, std::vector<int64_t>& begins) {
    int64_t size = 0;
    for (const IndexRange& range : ranges) size = std::max(size, range.size());
    for (const IndexRange& range : ranges) begins.push_back(std::min(range.begin, extent - size));
    return size;
  }

  ChangedPart part_of(const std::string& name) const {
    const Reach& reach = reach_.at(name);
    ChangedPart part;
    part.size[0] = widen(reach.rows, regions_.shape(name).h(), part.rows);
    part.size[1] = widen(reach.columns, regions_.shape(name).w(), part.columns);
    return part;
  }

  void add(const Layer& layer) {
    const auto form = form_of(layer);
    const bool from_parts = std::ranges::all_of(layer.inputs, [&](const auto& name) { return knows(name); });
    // A patch that misses the layer at some place (a stride leaves pixels out) has no part there.
    const bool reached = reach_[layer.name].rows.size() == grid_.rows.size() &&
                         reach_[layer.name].columns.size() == grid_.columns.size();
    if (!form || !from_parts || !reached) return plan_.tail.layers.push_back(layer);
    ChangedPart part = part_of(layer.name);
    const Shape& map = regions_.shape(layer.name);
    if (static_cast<double>(part.size[0] * part.size[1]) > worthwhile_share * static_cast<double>(map.h() * map.w()))
      return plan_.tail.layers.push_back(layer);
    PatchPiece* before = layer.op->is_pointwise() && layer.inputs.size() == 1 ? piece_for(layer.inputs[0]) : nullptr;
    if (before)
      join(*before, layer);
    else
      begin_piece(layer, *form);
    plan_.parts[layer.name] = std::move(part);
  }

  bool knows(const std::string& name) const { return plan_.parts.contains(name); }

  static std::optional<PieceForm> form_of(const Layer& layer) {
    if (layer.op->is_pointwise()) return PieceForm{layer.params, 0};
    return layer.inputs.size() == 1 ? layer.op->on_piece(*layer.params) : std::nullopt;
  }

  // The piece that ends with this layer, if nobody else will read it.
  PatchPiece* piece_for(const std::string& name) {
    if (readers_[name] != 1) return nullptr;
    const auto it = std::ranges::find(plan_.pieces, name, &PatchPiece::output);
    return it == plan_.pieces.end() ? nullptr : &*it;
  }

  void join(PatchPiece& piece, const Layer& layer) {
    plan_.parts.erase(piece.output);
    piece.model.layers.push_back(layer);
    piece.output = piece.model.output = layer.name;
  }

  void begin_piece(const Layer& layer, const PieceForm& form) {
    PatchPiece piece{.first = &layer, .output = layer.name, .beyond = form.beyond};
    const ChangedPart part = part_of(layer.name);
    for (const std::string& name : layer.inputs) piece.input_shapes.push_back(regions_.shape(name));
    piece.model = {.name = model_.name + ", " + layer.name, .layers = {layer}, .output = layer.name};
    piece.model.layers[0].params = form.params;
    std::set<std::string> given;
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      const Region read = layer.op->input_region(*layer.params, piece.input_shapes, i, part.at(0, 0));
      if (given.insert(layer.inputs[i]).second)
        piece.model.inputs.push_back(
            {.name = layer.inputs[i], .shape = {1, piece.input_shapes[i].c(), read.y.size(), read.x.size()}});
    }
    plan_.pieces.push_back(std::move(piece));
  }

  // What the tail reads and does not make itself.
  void finish_tail() {
    plan_.tail.name = model_.name + ", whole maps";
    plan_.tail.output = output_;
    std::set<std::string> made, given;
    const auto read = [&](const std::string& name) {
      if (!made.contains(name) && given.insert(name).second)
        plan_.tail.inputs.push_back({.name = name, .shape = regions_.shape(name)});
    };
    for (const Layer& layer : plan_.tail.layers) {
      std::ranges::for_each(layer.inputs, read);
      made.insert(layer.name);
    }
    read(output_);
  }

  struct Reach {
    std::vector<IndexRange> rows, columns;
  };

  const Model& model_;
  const GraphRegions& regions_;
  const std::string& output_;
  const PatchGrid& grid_;
  std::set<std::string> needed_;
  std::map<std::string, int> readers_;
  std::map<std::string, Reach> reach_;
  PatchPlan plan_;
};

}  // namespace

PatchPlan make_patch_plan(const Model& model, const GraphRegions& regions, const std::string& output,
                          const PatchGrid& grid) {
  return PatchPlanner(model, regions, output, grid).make();
}

}  // namespace convlens
