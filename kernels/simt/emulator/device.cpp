#include "kernels/base/cuda/elements.h"
#include "kernels/base/cuda/reorder.h"
#include "kernels/base/device_api.h"
#include "kernels/simt/emulator/watcher.h"

namespace convlens {
namespace {

/// The emulator's memory is the host's; whoever watches learns where it is.
class SimtDevice final : public DeviceApi {
 public:
  DeviceBuffer allocate(size_t bytes) override {
    DeviceBuffer memory = host().allocate(bytes);
    if (!simt::watcher) return memory;
    simt::watcher->allocated(memory.get(), bytes);
    return {memory.get(), [memory](std::byte* address) {
              if (simt::watcher) simt::watcher->freed(address);
            }};
  }
  size_t available() override { return host().available(); }
  void upload(const TensorView& from, const TensorView& to) override {
    host().upload(from, to);
    if (simt::watcher) simt::watcher->written(to.data, to.desc.bytes());
  }
  void download(const TensorView& from, const TensorView& to) override { host().download(from, to); }
  void reorder(const TensorView& from, const TensorView& to) override { reorder_layout(from, to); }
  void accumulate(const TensorView& from, const TensorView& to) override { add_elements(from, to); }
  void zero(const TensorView& tensor) override { zero_elements(tensor); }
  void synchronize() override {}

 private:
  static DeviceApi& host() { return device_api(Device::cpu); }
};

const RegisterDevice simt(Device::simt, std::make_unique<SimtDevice>());

}  // namespace
}  // namespace convlens
