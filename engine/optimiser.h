#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/device_api.h"
#include "kernels/base/update.h"

namespace convlens {

/// An update rule with its memory for one tensor of a device.
///
///     Optimiser adam("adam", params, Device::cuda, session.input_on_device("image").desc);
///     const auto step = session.record(losses, mode, [&] { adam.apply(image, gradient); });
///     for (..) { adam.advance(); step(); }
class Optimiser {
 public:
  /// `tensor` lies in NCHW. Throws InputError where there is no such update.
  Optimiser(const std::string& update, std::shared_ptr<Params> params, Device device, const TensorDesc& tensor);

  /// Goes on to the next step, the first being 1: uploads what it needs besides tensors. Before each apply().
  void advance();
  /// Changes `value` on the device. It only launches kernels, so it may be recorded, and then advance() is called
  /// before each time that the recorded work is done.
  void apply(const TensorView& value, const TensorView& gradient) const;

  int64_t step() const { return step_; }  ///< that advance() began last; 0 before the first

  /// What it keeps from step to step, on the device; to be written when an interrupted run goes on after `step`.
  std::span<const TensorView> states() const { return states_; }
  void continue_after(int64_t step) { step_ = step; }

 private:
  const Update& update_;
  const UpdateVariant& variant_;
  DeviceApi& device_;
  UpdateProblem problem_;
  std::vector<DeviceBuffer> memory_;  // of the states
  std::vector<TensorView> states_;
  DeviceBuffer numbers_, workspace_;
  int64_t step_ = 0;
};

}  // namespace convlens
