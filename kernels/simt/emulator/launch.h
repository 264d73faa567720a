#pragma once

#include <array>
#include <functional>

#include "kernels/base/variant.h"
#include "kernels/simt/emulator/block.h"
#include "kernels/simt/emulator/stream.h"

namespace simt {

/// The device that this compilation is for.
constexpr convlens::Device device = convlens::Device::simt;

/// Runs `body`, a call of `kernel`, for each thread of each block, blocks spread over the cores. Throws KernelError for
/// a launch that no GPU would take (CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"), and
/// what Block::run does.
void run_grid(const LaunchShape& shape, const void* kernel, std::span<const KernelArgument> arguments,
              const std::function<void()>& body);

/// The same for a cooperative launch, whose blocks are all there at once and may wait for each other. Throws
/// KernelError also for a grid too large for that.
void run_cooperative_grid(const LaunchShape& shape, const std::function<void()>& body);

/// As long as the object lives, launches give turns in this order.
class WithTurns {
 public:
  explicit WithTurns(Turns turns);
  ~WithTurns();
  WithTurns(const WithTurns&) = delete;
  WithTurns& operator=(const WithTurns&) = delete;

 private:
  Turns before_;
};

/// kernel<<<grid, block, shared_bytes>>>(arguments..), and waits for its end.
template <class... Parameters, class... Arguments>
void launch(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  const auto run = [&](Parameters... parameters) {
    const std::array<KernelArgument, sizeof...(Parameters)> passed{KernelArgument(parameters)...};
    run_grid(shape, reinterpret_cast<const void*>(kernel), passed, [&] { kernel(parameters...); });
  };
  run(arguments...);
}

/// cudaLaunchCooperativeKernel: the kernel may wait for its whole grid (cooperative_groups::this_grid().sync()).
template <class... Parameters, class... Arguments>
void launch_cooperative(const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  run_cooperative_grid(shape, [&] { kernel(arguments...); });
}

/// The same; streams run in the order of the program.
template <class... Parameters, class... Arguments>
void launch(const Stream&, const LaunchShape& shape, void (*kernel)(Parameters...), Arguments... arguments) {
  launch(shape, kernel, arguments...);
}

/// The block's dynamic shared memory, 16-byte aligned.
template <class T>
T* dynamic_shared() {
  return reinterpret_cast<T*>(this_thread().block->dynamic_shared());
}

}  // namespace simt
