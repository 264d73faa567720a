#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/optimiser.h"
#include "kernels/base/json.h"

namespace convlens::viz {

/// One rule of optimisation for many tensors in the host's memory.
class Optimizer {
 public:
  /// `keys`: {"name": the update's, and its parameters}. Throws InputError naming `where`.
  Optimizer(const Json& keys, const std::string& where);

  /// The next step of tensor number `tensor`, with the learning rate times `rate`. Tensors come in order.
  void apply(size_t tensor, std::span<float> values, std::span<const float> gradient, double rate);

  /// What it keeps from step to step, by tensor and state.
  using States = std::vector<std::vector<std::vector<float>>>;
  States states() const;
  void restore(const States& states, int64_t step);

 private:
  Optimiser& of_tensor(size_t tensor, size_t elements);

  std::string name_;
  std::shared_ptr<Params> params_;
  Json keys_;
  std::vector<Optimiser> tensors_;
};

}  // namespace convlens::viz
