#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kernels/base/error.h"
#include "kernels/base/tensor.h"
#include "kernels/base/variant.h"

namespace convlens {

/// Memory of a device, freed with the object. 64-byte aligned.
using DeviceBuffer = std::shared_ptr<std::byte>;

/// A device has less memory than is wanted of it.
class OutOfMemory : public InternalError {
 public:
  OutOfMemory(size_t wanted, size_t available, const std::string& advice = "");
};

/// What a device can do at most, a second, to compare measured times with.
struct DeviceLimits {
  std::string name;  ///< with its clock
  double f32_flops, bytes;
};

/// What the engine needs of a device besides kernels: memory, and moving tensors.
class DeviceApi {
 public:
  virtual ~DeviceApi() = default;
  virtual DeviceBuffer allocate(size_t bytes) = 0;  ///< throws OutOfMemory
  virtual size_t available() = 0;                   ///< bytes that are left
  /// Host NCHW to a tensor of the device in any layout and type, and back.
  virtual void upload(const TensorView& host, const TensorView& device) = 0;
  virtual void download(const TensorView& device, const TensorView& host) = 0;
  /// The same numbers in another layout or type.
  virtual void reorder(const TensorView& from, const TensorView& to) = 0;
  /// to += from; equal descriptions.
  virtual void accumulate(const TensorView& from, const TensorView& to) = 0;
  virtual void zero(const TensorView& tensor) = 0;
  virtual void synchronize() = 0;
  virtual std::optional<DeviceLimits> limits() { return std::nullopt; }  ///< left out: it does not know

  /// Does the work under a name that profilers show.
  virtual void named(const std::string& /*name*/, const std::function<void()>& work) { work(); }
  /// Work that is to be done again and again, on memory that stays where it is; it is not done now. A GPU then needs to
  /// be told only once. The work may neither allocate nor synchronize, upload or download.
  virtual std::function<void()> record(std::function<void()> work) { return work; }
};

bool has_device(Device device);

/// Throws InputError when the device is not here, with the part that is missing.
DeviceApi& device_api(Device device);

struct RegisterDevice {
  RegisterDevice(Device device, std::unique_ptr<DeviceApi> api);
};

}  // namespace convlens
