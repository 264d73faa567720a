#pragma once

#include <optional>
#include <string>

namespace convlens {

/// The device cuda is a library of its own, libconvlens_cuda, so that a program starts without anything of NVIDIA's.
/// The first call loads it, where there is a GPU; its variants and its DeviceApi then register themselves. Returns why
/// there is no such device (a clause such as "there is no NVIDIA driver"), or nothing.
const std::optional<std::string>& load_cuda_module();

}  // namespace convlens
