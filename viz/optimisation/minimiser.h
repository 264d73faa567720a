#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/array.h"
#include "kernels/base/json.h"

namespace convlens::viz {

/// A rule that walks downhill. What it remembers can be kept, so that an interrupted walk goes on to the same bits.
class Minimiser {
 public:
  virtual ~Minimiser() = default;

  /// From the objective's value and gradient at `x` it moves `x` to where it wants to know them next. Returns why it
  /// goes no further, if so.
  virtual std::optional<std::string> step(double value, const Array& gradient, Array& x) = 0;

  /// Moves `x` from a point that was only tried to the best one.
  virtual void finish(Array& /*x*/) const {}

  virtual Json state() const = 0;
  virtual void restore(const Json& state) = 0;
};

/// "lbfgs", or an update of kernels/ ("adam", "sgd", "gradient_ascent", which is given the negative gradient), with its
/// parameters. Throws InputError.
std::unique_ptr<Minimiser> make_minimiser(const std::string& name, const Json& params, const Shape& shape);

}  // namespace convlens::viz
