#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/graph_regions.h"
#include "engine/model.h"
#include "kernels/base/params.h"

namespace convlens {

/// The places at which a patch is laid over an image: every row with every column, which are those of its upper left
/// corner. All of the patch lies within the image.
struct PatchGrid {
  Pair size{1, 1};  ///< of the patch
  std::vector<int64_t> rows, columns;
};

/// What a patch changes of one map. All places share one size, the largest that the change has at any of them, so that
/// they can be computed in one batch; where the change is smaller, what lies beside it is computed again.
struct ChangedPart {
  Pair size{0, 0};
  std::vector<int64_t> rows, columns;  ///< of its upper left corner, by the grid's rows and columns
  Region at(size_t row, size_t column) const {
    return {{rows[row], rows[row] + size[0]}, {columns[column], columns[column] + size[1]}};
  }
};

/// A layer, and the pointwise ones that alone read it, of which the changed part is computed from pieces of its inputs.
struct PatchPiece {
  const Layer* first;               ///< in the whole network
  std::string output;               ///< the last layer
  Model model;                      ///< its inputs are the pieces
  float beyond = 0;                 ///< what a piece holds where it reaches beyond the map
  std::vector<Shape> input_shapes;  ///< of the whole maps
};

/// How a network is run on images that differ within a patch: piece by piece as long as the patch's reach leaves enough
/// of each map untouched, then, from whole maps, as any batch of images.
struct PatchPlan {
  std::map<std::string, ChangedPart> parts;  ///< of the image and of every piece's output
  std::vector<PatchPiece> pieces;            ///< in an order in which they can be computed
  Model tail;                                ///< its inputs are the image or pieces' outputs
};

/// `output`: the layer whose value is wanted. Throws InputError when it depends on another input besides the image.
PatchPlan make_patch_plan(const Model& model, const GraphRegions& regions, const std::string& output,
                          const PatchGrid& grid);

}  // namespace convlens
