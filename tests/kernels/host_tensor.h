#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "kernels/base/device_api.h"
#include "kernels/base/tensor.h"

namespace convlens::test {

/// Memory with guard bytes on both sides, 64-byte aligned.
class GuardedBuffer {
 public:
  static constexpr size_t guard = 256;

  explicit GuardedBuffer(size_t bytes)
      : bytes_(bytes),
        size_with_guards_((bytes + 63) / 64 * 64 + 2 * guard),
        storage_(static_cast<std::byte*>(std::aligned_alloc(64, size_with_guards_))) {
    std::ranges::fill(with_guards(), std::byte{0x5a});
  }
  std::byte* data() const { return storage_.get() + guard; }
  size_t size() const { return bytes_; }
  std::span<std::byte> with_guards() const { return {storage_.get(), size_with_guards_}; }
  /// Nothing was written outside.
  bool intact() const {
    const auto untouched = [](std::span<const std::byte> bytes) {
      return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0x5a}; });
    };
    return untouched(with_guards().first(guard)) && untouched(with_guards().subspan(guard + bytes_));
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  size_t bytes_, size_with_guards_;
  std::unique_ptr<std::byte, Free> storage_;
};

/// A tensor that owns its memory, born full of NaN.
class HostTensor {
 public:
  explicit HostTensor(TensorDesc desc) : desc_(desc), buffer_(std::make_shared<GuardedBuffer>(desc.bytes())) {
    poison();
  }

  TensorView view() const { return {desc_, buffer_->data()}; }
  const TensorDesc& desc() const { return desc_; }
  const GuardedBuffer& buffer() const { return *buffer_; }
  bool intact() const { return buffer_->intact(); }
  void poison() { std::memset(buffer_->data(), 0xff, buffer_->size()); }

  /// The same numbers, rounded to the type and reordered to the layout.
  HostTensor as(DataType type, Layout layout) const {
    HostTensor copy({desc_.shape, type, layout});
    device_api(Device::cpu).reorder(view(), copy.view());
    return copy;
  }

  std::span<double> f64() const { return {view().f64(), static_cast<size_t>(desc_.elements())}; }

  /// The padding channels of a blocked layout are zeros, as kernels must leave them.
  bool padding_is_zero() const {
    const BlockedExtents e(desc_);
    if (desc_.shape.rank() != 4) return true;
    for (int64_t i = 0; i < desc_.elements(); ++i) {
      const int64_t channel = i / (e.h * e.w * e.block) % e.blocks * e.block + i % e.block;
      if (channel >= desc_.shape.c() && view().f32()[i] != 0) return false;
    }
    return true;
  }

 private:
  TensorDesc desc_;
  std::shared_ptr<GuardedBuffer> buffer_;
};

using Generator = std::mt19937_64;

/// Doubles that are exactly floats, so that the reference and the variants see the same numbers.
inline void fill_uniform(const HostTensor& tensor, Generator& random, double low, double high) {
  std::uniform_real_distribution<float> uniform(static_cast<float>(low), static_cast<float>(high));
  for (double& value : tensor.f64()) value = uniform(random);
}

inline void fill_integers(const HostTensor& tensor, Generator& random) {
  std::uniform_int_distribution<int> uniform(-3, 3);
  for (double& value : tensor.f64()) value = uniform(random);
}

}  // namespace convlens::test
