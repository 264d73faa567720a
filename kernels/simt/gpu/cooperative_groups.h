#pragma once

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include <array>
#include <tuple>

#include "kernels/simt/gpu/launch.h"

namespace simt {

/// launch for a kernel that waits for its whole grid (cooperative_groups::this_grid().sync()).
template <class... Parameters, class... Arguments>
void launch_cooperative(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
  auto addresses = std::apply([](auto&... value) { return std::array<void*, sizeof...(value)>{&value...}; }, values);
  check(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(kernel), shape.grid, shape.block, addresses.data(),
                                    shape.shared_bytes, device_stream().get()));
}

}  // namespace simt
