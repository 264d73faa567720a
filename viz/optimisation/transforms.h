#pragma once

#include <string>
#include <vector>

#include "engine/session.h"
#include "kernels/base/params.h"
#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

/// Keys of what happens to an image before the network sees it, at random and anew in each step, so that what is
/// optimised holds at any place, size and angle (Olah, Mordvintsev and Schubert, "Feature Visualization", 2017): a
/// frame, a cyclic shift, then scaled, turned and shifted again, and the frame cut off.
struct TransformKeys final : Params {
  int64_t pad = 0, jitter = 16, jitter_after = 0;
  std::vector<double> scale{1, 1};
  double rotate = 0;

  void describe(ParamVisitor& v) override;

  /// Adds the layers behind `layer`, which is normalised, so that the frame is of mean colour, and the inputs of what
  /// is random, "shift" and "map". Returns the last layer's name. Throws InputError.
  std::string add(GraphBuilder& graph, const std::string& layer) const;

  /// Sets these inputs for a step, for each image of the batch its own.
  void set(Session& session, int64_t seed, int64_t step, int64_t batch) const;

  /// What they say, for a caption; "" when nothing happens.
  std::string text() const;

 private:
  bool has_map() const { return rotate > 0 || jitter_after > 0 || scale != std::vector<double>{1, 1}; }
};

}  // namespace convlens::viz
