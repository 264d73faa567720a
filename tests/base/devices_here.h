#pragma once

#include <vector>

#include "kernels/base/device_api.h"

namespace convlens {

inline void PrintTo(Device device, std::ostream* out) { *out << to_string(device); }

}  // namespace convlens

namespace convlens::test {

/// The devices of this machine that compute in floats.
inline std::vector<Device> devices_here() {
  std::vector<Device> list{Device::cpu, Device::simt};
  if (has_device(Device::cuda)) list.push_back(Device::cuda);
  return list;
}

}  // namespace convlens::test
