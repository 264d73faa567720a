#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/model.h"
#include "kernels/base/params.h"
#include "kernels/base/region.h"

namespace convlens {

/// Of a layer's map along one axis: unit i depends on pixels stride * i - before .. stride * i + after - 1.
struct Footprint {
  int64_t stride, before, after;
};

/// The windows along one axis, and the borders between what is each window's own, first and last included. All in
/// pixels; borders are multiples of every stride, but for the last.
struct WindowAxis {
  int64_t extent = 0, size = 0;  ///< of the picture and of a window
  std::vector<int64_t> begins, borders;
};

/// A picture taken apart into windows of one size. They overlap: of some layers' maps, each place is one window's own,
/// where that window's map has what the whole picture's has, to the same bits if it is computed in the same order. So
/// values, and sums over places, of maps that would be too large for the memory are found window by window, and so are
/// gradients by pixels: they are the sum of those of all windows' own parts.
class WindowGrid {
 public:
  WindowGrid(WindowAxis rows, WindowAxis columns, std::map<std::string, Pair> strides,
             std::map<std::string, Pair> maps);

  size_t size() const { return rows_.begins.size() * columns_.begins.size(); }
  Pair window_size() const { return {rows_.size, columns_.size}; }
  int64_t area() const;  ///< of all windows together, in pixels

  Region window(size_t i) const;                                        ///< of the picture
  Region own(size_t i, const std::string& layer) const;                 ///< of the layer's whole map; a partition of it
  Region own_in_window(size_t i, const std::string& layer) const;       ///< the same in the window's map
  Pair map(const std::string& layer) const { return maps_.at(layer); }  ///< height and width of the layer's whole map
  Pair window_map(const std::string& layer) const;                      ///< of a window's

 private:
  WindowAxis rows_, columns_;
  std::map<std::string, Pair> strides_, maps_;
};

/// The whole picture as the one window, for any layers that depend on it. Throws InputError where sizes do not fit.
WindowGrid whole_picture(const Model& network, const std::string& input, const std::vector<std::string>& layers,
                         Pair picture);

/// How pictures of a size can be taken apart so that some layers' maps can be found window by window.
class WindowLayout {
 public:
  /// `input`: the picture, by which no other input of these layers has a size of its own. The network is not kept.
  /// Throws InputError, naming the layer, where one depends on the whole picture or in another way at each place.
  WindowLayout(const Model& network, const std::string& input, const std::vector<std::string>& layers, Pair picture);

  /// Ever more and smaller windows, from the whole picture on, in the order of their area together.
  std::vector<WindowGrid> grids() const;

 private:
  std::vector<WindowAxis> axes(size_t axis) const;

  Pair picture_;
  std::map<std::string, std::array<Footprint, 2>> footprints_;  // rows, columns
  std::map<std::string, Pair> strides_, maps_;
};

}  // namespace convlens
