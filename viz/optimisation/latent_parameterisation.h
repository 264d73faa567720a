#pragma once

#include <vector>

#include "kernels/base/params.h"
#include "viz/optimisation/parameterisation.h"

namespace convlens::viz {

/// How a generator's code is optimised, and how its pictures lie in numbers.
struct CodeKeys final : Params {
  std::string optimiser = "gradient_ascent", code_layer;
  std::vector<double> code_range, generator_range{0, 1};
  std::string generator_order = "rgb";

  void describe(ParamVisitor& v) override;
};

/// The code of a generator, whose pictures add_fit brings to the batch's size; the start is noise around zero (Nguyen
/// et al., "Synthesizing the preferred inputs for neurons in neural networks via deep generator networks", 2016).
/// Throws InputError where the network is no generator of such pictures.
std::unique_ptr<Parameterisation> latent_parameterisation(std::shared_ptr<const Model> generator, CodeKeys keys,
                                                          const InputSpec& input, const Shape& batch, Device device);

}  // namespace convlens::viz
