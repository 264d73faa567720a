#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/model.h"
#include "kernels/base/variant.h"

namespace convlens {

struct GradcheckOptions {
  Device device = Device::cpu;  ///< whose backward passes are checked; the differences come from the reference loops
  int64_t samples = 4;          ///< elements perturbed per input of a layer
  std::optional<Pair> size;     ///< height and width of image inputs, if not the model's own
  uint64_t seed = 0;
  double tolerance = 1e-3;  ///< |numeric - analytic| over the greater of |numeric| and the gradient's root mean square
};

struct LayerCheck {
  std::string layer, op;
  int64_t checked = 0, kinks = 0;  ///< elements compared; elements skipped because f is not smooth there
  double worst_error = 0;
  bool passed = true;
};

struct GradcheckResult {
  std::vector<LayerCheck> layers;
  bool passed = true;
};

/// Runs the model on a random input, then takes each layer with the values that reached it: with L = <r, f(x)> for a
/// random r, its backward pass on `device` must give dL/dx_i = (L(x + h e_i) - L(x - h e_i)) / 2h, evaluated in double.
/// Where the quotients to the left and to the right of x disagree there is a kink (a ReLU, a pool), and the element is
/// skipped and counted. `on_layer`, if given, sees each layer as it is done.
GradcheckResult check_gradients(const Model& model, const GradcheckOptions& options,
                                const std::function<void(const LayerCheck&)>& on_layer = {});

}  // namespace convlens
