#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/device_api.h"
#include "kernels/base/error.h"

namespace convlens {
namespace {

template <class From, class To>
void convert_run(const From* from, To* to, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
}

// Copies one image's block of `to` channels that starts at channel c0, from whatever layout `from` has.
template <class From, class To>
void reorder_block(const TensorDesc& from_desc, const From* from, To* to, const BlockedExtents& to_extents, int64_t n,
                   int64_t c0) {
  const BlockedExtents f(from_desc);
  const int64_t plane = to_extents.h * to_extents.w, block = to_extents.block;
  for (int64_t b = 0; b < block; ++b) {
    const int64_t c = c0 + b;
    if (c >= from_desc.shape.c()) {
      for (int64_t i = 0; i < plane; ++i) to[i * block + b] = 0;
      continue;
    }
    const From* source = from + ((n * f.blocks + c / f.block) * plane) * f.block + c % f.block;
    for (int64_t i = 0; i < plane; ++i) to[i * block + b] = static_cast<To>(source[i * f.block]);
  }
}

template <class From, class To>
void reorder_typed(const TensorView& from, const TensorView& to) {
  const From* source = static_cast<const From*>(from.data);
  To* target = static_cast<To*>(to.data);
  if (from.desc.layout == to.desc.layout || from.shape().rank() != 4) {
    const int64_t total = to.desc.elements(), run = 1 << 14;
    parallel_for((total + run - 1) / run,
                 [&](int64_t i) { convert_run(source + i * run, target + i * run, std::min(run, total - i * run)); });
    return;
  }
  const BlockedExtents e(to.desc);
  parallel_for(e.n * e.blocks, [&](int64_t i) {
    reorder_block(from.desc, source, target + i * e.h * e.w * e.block, e, i / e.blocks, (i % e.blocks) * e.block);
  });
}

// Large buffers lie on pages of 2 MiB where the system has them: packed filters and maps are streamed, and with pages
// of 4 KiB every 4 KiB wait for a translation, twice as long in a virtual machine.
std::byte* allocate_pages(size_t bytes) {
  constexpr size_t line = 64, huge_page = size_t{2} << 20;
  const size_t alignment = bytes < huge_page ? line : huge_page;
  const size_t rounded = std::max((bytes + alignment - 1) / alignment * alignment, alignment);
  void* memory = std::aligned_alloc(alignment, rounded);
#ifdef MADV_HUGEPAGE
  if (memory && alignment == huge_page) madvise(memory, rounded, MADV_HUGEPAGE);  // a wish: its failure costs nothing
#endif
  return static_cast<std::byte*>(memory);
}

class HostDevice final : public DeviceApi {
 public:
  DeviceBuffer allocate(size_t bytes) override {
    std::byte* memory = allocate_pages(bytes);
    if (!memory) throw OutOfMemory(bytes, available());
    return {memory, [](std::byte* p) { std::free(p); }};
  }
  size_t available() override {
    return static_cast<size_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  }
  void upload(const TensorView& host, const TensorView& device) override { reorder(host, device); }
  void download(const TensorView& device, const TensorView& host) override { reorder(device, host); }

  void reorder(const TensorView& from, const TensorView& to) override {
    if (from.shape() != to.shape())
      throw InternalError("reorder of " + from.shape().to_string() + " into " + to.shape().to_string());
    const bool wide_from = from.desc.type == DataType::f64, wide_to = to.desc.type == DataType::f64;
    if (wide_from) return wide_to ? reorder_typed<double, double>(from, to) : reorder_typed<double, float>(from, to);
    return wide_to ? reorder_typed<float, double>(from, to) : reorder_typed<float, float>(from, to);
  }

  void accumulate(const TensorView& from, const TensorView& to) override {
    if (to.desc.type == DataType::f64) return add<double>(from, to);
    add<float>(from, to);
  }

  void zero(const TensorView& tensor) override { std::memset(tensor.data, 0, tensor.desc.bytes()); }
  void synchronize() override {}

 private:
  template <class T>
  static void add(const TensorView& from, const TensorView& to) {
    const T* source = static_cast<const T*>(from.data);
    T* target = static_cast<T*>(to.data);
    const int64_t count = to.desc.elements();
#pragma omp parallel for simd schedule(static) if (count > (1 << 14))
    for (int64_t i = 0; i < count; ++i) target[i] += source[i];
  }
};

const RegisterDevice cpu(Device::cpu, std::make_unique<HostDevice>());
const RegisterDevice reference(Device::reference, std::make_unique<HostDevice>());

}  // namespace
}  // namespace convlens
