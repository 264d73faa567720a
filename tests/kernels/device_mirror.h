#pragma once

#include <vector>

#include "tests/kernels/host_tensor.h"

namespace convlens::test {

/// Buffers of the host with their twins on a device, guards included: what a kernel writes outside of its memory there
/// is found here.
class DeviceMirror {
 public:
  explicit DeviceMirror(DeviceApi& device) : device_(device) {}

  /// The twin's memory, with what the buffer holds now.
  std::byte* data(const GuardedBuffer& buffer) {
    twins_.emplace_back(&buffer, device_.allocate(buffer.with_guards().size()));
    device_.upload(bytes_at(twins_.back(), buffer.with_guards().data()),
                   bytes_at(twins_.back(), twins_.back().second.get()));
    return twins_.back().second.get() + GuardedBuffer::guard;
  }

  std::vector<TensorView> views(const std::vector<HostTensor>& tensors) {
    std::vector<TensorView> list;
    for (const HostTensor& tensor : tensors) list.push_back({tensor.desc(), data(tensor.buffer())});
    return list;
  }

  /// Brings back what the twins hold.
  void fetch() {
    for (const Twin& twin : twins_)
      device_.download(bytes_at(twin, twin.second.get()), bytes_at(twin, twin.first->with_guards().data()));
  }

 private:
  using Twin = std::pair<const GuardedBuffer*, DeviceBuffer>;

  // As floats, which a device moves as they are.
  static TensorView bytes_at(const Twin& twin, std::byte* memory) {
    const auto count = static_cast<int64_t>(twin.first->with_guards().size() / sizeof(float));
    return {{{count}, DataType::f32, Layout::nchw}, memory};
  }

  DeviceApi& device_;
  std::vector<Twin> twins_;
};

}  // namespace convlens::test
