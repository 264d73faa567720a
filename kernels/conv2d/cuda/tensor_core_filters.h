#pragma once

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/variant.h"
#include "kernels/conv2d/cuda/sizes.h"
#include "kernels/conv2d/cuda/tensor_core_nhwc.h"

namespace convlens {

/// How far apart in w two neighbouring columns of packed filters lie, and two neighbouring channels; taps are side by
/// side.
struct FilterStrides {
  int column, channel;
};

template <class T>
__global__ void pack_filters(PackedSizes sizes, FilterStrides strides, const float* __restrict__ w,
                             T* __restrict__ packed) {
  const int64_t i = element_index();
  if (i >= sizes.elements()) return;
  const int k = static_cast<int>(i % sizes.depth()), column = static_cast<int>(i / sizes.depth());
  const int of_tap = sizes.slices_of_tap() * PixelTile::depth, tap = k / of_tap, channel = k % of_tap;
  const bool exists = column < sizes.columns && channel < sizes.channels;
  const T number =
      simt::round_to<T>(exists ? w[int64_t{column} * strides.column + int64_t{channel} * strides.channel + tap] : 0.0F);
  packed[i] = number;
}

/// A pass that multiplies with filters in T, packed once. Forward: columns are filters. Backward to the data: columns
/// are input channels.
template <class T>
class PackedFiltersKernel : public Kernel {
 public:
  PackedFiltersKernel(const Problem& problem, Pass pass) : sizes_(conv_sizes(problem)), pass_(pass) {}

  size_t packed_bytes() const override { return static_cast<size_t>(packed_sizes().elements()) * sizeof(T); }

  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    const PackedSizes sizes = packed_sizes();
    const int filter = sizes_.in_channels * sizes.taps;
    const FilterStrides strides =
        pass_ == Pass::forward ? FilterStrides{filter, sizes.taps} : FilterStrides{sizes.taps, filter};
    simt::launch(one_thread_each(sizes.elements()), pack_filters<T>, sizes, strides, weights[0].f32(),
                 reinterpret_cast<T*>(packed));
  }

 protected:
  PackedSizes packed_sizes() const {
    const int taps = sizes_.kernel_height * sizes_.kernel_width;
    return pass_ == Pass::forward ? PackedSizes{sizes_.out_channels, sizes_.in_channels, taps}
                                  : PackedSizes{sizes_.in_channels, sizes_.out_channels, taps};
  }

  ConvSizes sizes_;
  Pass pass_;
};

inline std::optional<std::string> refuses_on_tensor_cores(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  if (s.group_in != s.in_channels) return "needs one group";
  if (s.in_channels % 4 != 0 || s.out_channels % 4 != 0)
    return "needs channels in multiples of 4, which it loads together";
  return std::nullopt;
}

}  // namespace convlens
