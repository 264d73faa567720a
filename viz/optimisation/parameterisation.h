#pragma once

#include <memory>
#include <string>

#include "engine/session.h"
#include "viz/optimisation/graph_builder.h"
#include "viz/optimisation/minimiser.h"

namespace convlens::viz {

/// What is optimised when an image is: its pixels, or numbers from which layers make them. For a network's input and a
/// batch of images of N x C x H x W.
class Parameterisation {
 public:
  virtual ~Parameterisation() = default;

  /// Adds the input `name` and the layers behind it, up to normalised pixels, whose name it returns.
  virtual std::string add(GraphBuilder& graph, const std::string& name) const = 0;
  /// Where the optimisation begins: normal noise of standard deviation `sd` around grey.
  virtual Array start(double sd, int64_t seed) const = 0;
  virtual std::unique_ptr<Minimiser> minimiser(double lr) const = 0;
  /// The pixels that `x` stands for.
  virtual Array pixels(const Array& x) const = 0;
};

/// The standard deviation of ImageNet's pixels, in grey levels of 8 bits: the mean of PyTorch's 0.229, 0.224 and 0.225.
/// Taken as the unit of colour, steps and weights mean the same to networks of any range and normalisation.
constexpr double imagenet_grey_levels = 0.226 * 255;

/// Pixels as viz/optimisation/pixels.h has them, by steps of Euclidean norm `lr`, clipped to the network's range. Steps
/// and noise are in units of imagenet_grey_levels.
std::unique_ptr<Parameterisation> pixel_parameterisation(const InputSpec& input, const Shape& batch);

/// The spectrum of three decorrelated colours, whose amplitudes fall as 1 / f, kept in range by a sigmoid; optimised by
/// Adam (Olah, Mordvintsev and Schubert, "Feature Visualization", 2017, with the constants of their Lucid).
std::unique_ptr<Parameterisation> fourier_parameterisation(const InputSpec& input, const Shape& batch);

}  // namespace convlens::viz
