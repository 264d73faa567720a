#include "kernels/base/device_api.h"

#include <map>

#include "kernels/base/error.h"

namespace convlens {
namespace {

std::map<Device, std::unique_ptr<DeviceApi>>& devices() {
  static std::map<Device, std::unique_ptr<DeviceApi>> instance;
  return instance;
}

}  // namespace

bool has_device(Device device) { return devices().contains(device); }

DeviceApi& device_api(Device device) {
  const auto it = devices().find(device);
  if (it == devices().end()) throw InputError("the device \"" + to_string(device) + "\" is not in this build");
  return *it->second;
}

RegisterDevice::RegisterDevice(Device device, std::unique_ptr<DeviceApi> api) {
  devices().emplace(device, std::move(api));
}

}  // namespace convlens
