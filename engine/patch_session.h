#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/array.h"
#include "engine/patch_plan.h"
#include "engine/session.h"

namespace convlens {

/// Runs a network on one image with a patch laid over it at many places, as occlusion does, and computes of each
/// layer's map only the part that the patch can reach; the rest is the image's own. Equal to running it on each whole
/// image, up to rounding.
///
///     PatchSession session(model, {.batch = 16, .observe = {model.output}}, {.size = {16, 16}, .rows = {0, 8, 16},
///                                                                            .columns = {0, 8}});
///     session.set_image(photo);
///     Array scores = session.forward(grey, places);  // a row for each place
class PatchSession {
 public:
  /// Numbers of a row and a column of the grid.
  struct Place {
    size_t row, column;
  };

  /// Of the request, `observe` names the one layer whose value is wanted, and `batch` how many places are computed at
  /// once. The model must live as long. Throws InputError as Session does, and when the network has another input.
  PatchSession(const Model& model, const PlanRequest& request, const PatchGrid& grid);

  /// Runs the network on the image as it is, 1 x C x H x W.
  void set_image(const Array& image);
  const Array& unpatched() const { return unpatched_; }  ///< its value, 1 x ...

  /// The values with `patch`, 1 x C x h x w of the grid's size, laid over the image at each of at most `batch` places.
  Array forward(const Array& patch, std::span<const Place> places);

  const PatchPlan& plan() const { return plan_; }
  size_t bytes() const;  ///< taken of the device

 private:
  Array piece_of(size_t piece, size_t input, std::span<const Place> places) const;
  Array whole_maps(const std::string& name, std::span<const Place> places) const;
  Array run_tail(const std::function<Array(const std::string&)>& map_of);

  std::string image_;
  int64_t batch_;
  PatchPlan plan_;
  std::map<std::string, Array> maps_;   ///< of the image without a patch
  std::map<std::string, Array> parts_;  ///< changed parts, batch x C x h x w
  std::unique_ptr<Session> whole_, tail_;
  std::vector<std::unique_ptr<Session>> pieces_;
  Array unpatched_;
};

}  // namespace convlens
