#include <cstdint>
#include <vector>

#include <nvtx3/nvtx3.hpp>

#include "kernels/base/cuda/elements.h"
#include "kernels/base/cuda/reorder.h"
#include "kernels/base/device_api.h"
#include "kernels/simt/gpu/graph.h"
#include "kernels/simt/gpu/limits.h"
#include "kernels/simt/gpu/memory_pool.h"
#include "kernels/simt/gpu/stream.h"

namespace convlens {
namespace {

/// One GPU, the first that CUDA shows (CUDA_VISIBLE_DEVICES), and one stream on which everything is done in order.
class CudaDevice final : public DeviceApi {
 public:
  DeviceBuffer allocate(size_t bytes) override { return simt::memory_pool().allocate(bytes); }
  size_t available() override { return simt::memory_pool().available(); }

  void upload(const TensorView& host, const TensorView& device) override {
    if (host.desc == device.desc) return copy(host.data, device.data, device.desc.bytes(), cudaMemcpyHostToDevice);
    std::vector<std::byte> staged(device.desc.bytes());
    device_api(Device::cpu).reorder(host, {device.desc, staged.data()});
    copy(staged.data(), device.data, staged.size(), cudaMemcpyHostToDevice);
  }

  void download(const TensorView& device, const TensorView& host) override {
    if (host.desc == device.desc) return copy(device.data, host.data, device.desc.bytes(), cudaMemcpyDeviceToHost);
    std::vector<std::byte> staged(device.desc.bytes());
    copy(device.data, staged.data(), staged.size(), cudaMemcpyDeviceToHost);
    device_api(Device::cpu).reorder({device.desc, staged.data()}, host);
  }

  void reorder(const TensorView& from, const TensorView& to) override { reorder_layout(from, to); }
  void accumulate(const TensorView& from, const TensorView& to) override { add_elements(from, to); }
  void zero(const TensorView& tensor) override { zero_elements(tensor); }
  std::optional<DeviceLimits> limits() override { return simt::gpu_limits(); }
  void synchronize() override { simt::device_stream().synchronize(); }

  void named(const std::string& name, const std::function<void()>& work) override {
    const nvtx3::scoped_range range(name);
    work();
  }
  std::function<void()> record(std::function<void()> work) override { return simt::record_graph(work); }

 private:
  // Waits, as the host's memory may go or be read right after.
  static void copy(const void* from, void* to, size_t bytes, cudaMemcpyKind direction) {
    simt::check(cudaMemcpyAsync(to, from, bytes, direction, simt::device_stream().get()));
    simt::device_stream().synchronize();
  }
};

constexpr int oldest_capability = 75;  // of the architectures in CMakeLists.txt

int capability() {
  int major = 0, minor = 0;
  simt::check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  simt::check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0));
  return 10 * major + minor;
}

const RegisterDevice cuda(Device::cuda, std::make_unique<CudaDevice>());

}  // namespace
}  // namespace convlens

/// What libconvlens asks when it has loaded this library: why the GPU cannot be used (an old driver, say), or null.
extern "C" [[gnu::visibility("default")]] const char* convlens_cuda_refuses() {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) return cudaGetErrorString(error);
  return convlens::capability() < convlens::oldest_capability ? "it is older than compute capability 7.5" : nullptr;
}
