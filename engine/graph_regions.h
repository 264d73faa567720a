#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/model.h"

namespace convlens {

/// Which part of one map of a network depends on which part of another, through strides, paddings, pools and all
/// branches of the graph, as its operators say (Operator::input_region). Exact but for this: parts are rectangles, so
/// where branches see different parts it is the least rectangle that holds them.
class GraphRegions {
 public:
  /// `input_shapes`: C x H x W of inputs that differ from the model's own, as in PlanRequest. The model must live as
  /// long. Throws InputError where sizes do not fit.
  explicit GraphRegions(const Model& model, const std::map<std::string, Shape>& input_shapes = {});

  /// Of a layer's output or an input, 1 x C x H x W. Throws InputError when there is none of that name.
  const Shape& shape(const std::string& name) const;

  /// The part of `source`, an input or a layer before `layer`, on which `part` of the layer's map depends: with one
  /// element for `part`, the unit's receptive field. Cut to the map; empty where nothing depends on it.
  Region receptive_field(const std::string& layer, const Region& part, const std::string& source) const;

  /// Whatever depends on `part` of `source`, by name, `source` included: the part of its map that can change with it.
  std::map<std::string, Region> reached(const std::string& source, const Region& part) const;

 private:
  std::vector<Shape> input_shapes(const Layer& layer) const;

  const Model& model_;
  std::map<std::string, Shape> shapes_;
};

/// The one element of a map.
inline Region unit_at(int64_t y, int64_t x) { return {{y, y + 1}, {x, x + 1}}; }

}  // namespace convlens
