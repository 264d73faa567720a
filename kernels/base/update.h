#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/param_types.h"
#include "kernels/base/tensor.h"
#include "kernels/base/variant.h"

namespace convlens {

/// One tensor that is optimised, N x C x H x W in NCHW, each image for itself.
struct UpdateProblem {
  std::shared_ptr<Params> params;
  TensorDesc tensor;

  template <class P>
  const P& params_as() const {
    return static_cast<const P&>(*params);
  }
};

/// The memory of one step; all tensors have the problem's description.
struct UpdateArguments {
  TensorView value;  ///< changed in place
  TensorView gradient;
  std::span<const TensorView> states;  ///< zero before the first step, the update's own from then on
  const double* numbers = nullptr;     ///< Update::numbers of this step, on the device
  std::byte* workspace = nullptr;      ///< UpdateVariant::workspace bytes, 64-byte aligned
};

/// A rule by which an optimiser changes a tensor, given the gradient of an objective. It is no operator: it has no
/// output of its own and no gradient.
class Update {
 public:
  Update(std::string name, std::string summary) : name_(std::move(name)), summary_(std::move(summary)) {}
  virtual ~Update() = default;

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }

  virtual std::shared_ptr<Params> new_params() const = 0;
  virtual size_t states() const { return 0; }  ///< tensors that it keeps from step to step

  /// What changes from one step (counted from 1) to the next besides tensors. The device reads it from its memory, so
  /// that a step's work can be recorded once and for all.
  virtual std::vector<double> numbers(const Params&, int64_t /*step*/) const { return {}; }

 private:
  std::string name_, summary_;
};

/// An update on one device, the only one there; Device::reference holds the plain loops in double.
struct UpdateVariant {
  Device device = Device::cpu;
  double relative_error = 2e-6;  ///< bound on max |error| / max |result| against the reference in double
  size_t (*workspace)(const UpdateProblem&) = nullptr;  ///< bytes; left out: none
  void (*run)(const UpdateProblem&, const UpdateArguments&) = nullptr;
};

const Update& update_by_name(const std::string& name);  ///< throws InputError with the nearest names
std::vector<std::string> update_names();                ///< sorted
const UpdateVariant& update_variant(const std::string& name, Device device);  ///< throws InputError if there is none

/// They put themselves into the registry before main() starts, as operators do.
struct RegisterUpdate {
  explicit RegisterUpdate(std::unique_ptr<Update> update);
};
struct RegisterUpdateVariant {
  RegisterUpdateVariant(const std::string& name, const UpdateVariant& variant);
};

}  // namespace convlens
