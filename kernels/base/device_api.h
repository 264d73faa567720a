#pragma once

#include <memory>

#include "kernels/base/tensor.h"
#include "kernels/base/variant.h"

namespace convlens {

/// Memory of a device, freed with the object. 64-byte aligned.
using DeviceBuffer = std::shared_ptr<std::byte>;

/// What the engine needs of a device besides kernels: memory, and moving tensors.
class DeviceApi {
 public:
  virtual ~DeviceApi() = default;
  /// Throws InternalError with the bytes wanted.
  virtual DeviceBuffer allocate(size_t bytes) = 0;
  /// Host NCHW to a tensor of the device in any layout and type, and back.
  virtual void upload(const TensorView& host, const TensorView& device) = 0;
  virtual void download(const TensorView& device, const TensorView& host) = 0;
  /// The same numbers in another layout or type.
  virtual void reorder(const TensorView& from, const TensorView& to) = 0;
  /// to += from; equal descriptions.
  virtual void accumulate(const TensorView& from, const TensorView& to) = 0;
  virtual void zero(const TensorView& tensor) = 0;
  virtual void synchronize() = 0;
};

bool has_device(Device device);

/// Throws InputError when the device is not in this build.
DeviceApi& device_api(Device device);

struct RegisterDevice {
  RegisterDevice(Device device, std::unique_ptr<DeviceApi> api);
};

}  // namespace convlens
