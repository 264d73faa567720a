#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/json.h"
#include "kernels/base/update.h"

namespace convlens::viz {

/// An update (kernels/base/update.h) for tensors in the host's memory, each with its states.
class Optimizer {
 public:
  /// `keys`: {"name": the update's, and its parameters}. Throws InputError naming `where`.
  Optimizer(const Json& keys, const std::string& where);

  /// Step `step` (from 1) of tensor number `tensor`, with the learning rate times `rate`.
  void apply(size_t tensor, std::span<float> values, std::span<const float> gradient, int64_t step, double rate);

  /// By tensor and state.
  std::vector<std::vector<std::vector<float>>> states;

 private:
  std::string name_;
  std::shared_ptr<Params> params_;
  Json keys_;
};

}  // namespace convlens::viz
