#include "kernels/base/device_api.h"

#include <map>

#include "kernels/base/cuda_module.h"

namespace convlens {
namespace {

std::map<Device, std::unique_ptr<DeviceApi>>& devices() {
  static std::map<Device, std::unique_ptr<DeviceApi>> instance;
  return instance;
}

}  // namespace

OutOfMemory::OutOfMemory(size_t wanted, size_t available, const std::string& advice)
    : InternalError("out of memory: " + std::to_string(wanted) + " bytes wanted, " + std::to_string(available) +
                    " bytes there" + advice) {}

bool has_device(Device device) { return device != Device::cuda || !load_cuda_module(); }

DeviceApi& device_api(Device device) {
  if (!has_device(device))
    throw InputError("the device \"" + to_string(device) + "\" is not here: " + *load_cuda_module());
  return *devices().at(device);
}

RegisterDevice::RegisterDevice(Device device, std::unique_ptr<DeviceApi> api) {
  devices().emplace(device, std::move(api));
}

}  // namespace convlens
