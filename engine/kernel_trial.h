#pragma once

#include "engine/array.h"
#include "kernels/base/device_api.h"

namespace convlens {

/// What a problem is solved for: numbers in [-1, 1), the same ones for the same problem.
struct HostValues {
  std::vector<Array> inputs, weights;
  Array grad_output;
};

HostValues random_values(const Operator& op, const Problem& problem);

/// A variant ready to run: with memory of its own on its device, in the layouts of `problem`. A backward variant finds
/// there what a forward variant of the same device has saved.
class KernelTrial {
 public:
  KernelTrial(const Operator& op, const Variant& variant, const Problem& problem, const HostValues& values);

  void start();                        ///< returns before the result is there, if the device works by itself
  void finish();                       ///< when it is there
  void run();                          ///< both
  std::vector<Array> results() const;  ///< output, grad_inputs or grad_weights, in NCHW

 private:
  struct Tensors {
    std::vector<TensorView> inputs, weights, grad_inputs, grad_weights;
    TensorView output, grad_output;
  };
  /// A kernel with its own memory.
  struct Bound {
    std::unique_ptr<Kernel> kernel;
    DeviceBuffer workspace, packed;
  };

  TensorView new_tensor(const TensorDesc& desc);
  TensorView uploaded(const TensorDesc& desc, const Array& value);
  Bound bind(const Variant& variant) const;
  void run_forward_for_backward(const Operator& op);
  Arguments arguments(const Bound& bound) const;

  const Variant& variant_;
  Problem problem_;
  DeviceApi& device_;
  std::vector<DeviceBuffer> memory_;
  Tensors tensors_;
  std::byte* saved_ = nullptr;
  Bound bound_;
};

}  // namespace convlens
