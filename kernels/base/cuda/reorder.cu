// A block moves a tile of 32 channels x 32 pixels by way of shared memory: it reads the tile in the order in which it
// lies in one layout and writes it in the order of the other, so that both are full sectors (for NHWC from 8 channels
// on). Bytes moved: 8 an element, the fewest there can be.

#include "kernels/base/cuda/reorder.h"

#include "kernels/base/cuda/elements.h"
#include "kernels/simt/simt.h"

namespace convlens {
namespace {

constexpr int tile = 32, threads = 256;  // channels and pixels of a tile; threads of a block

/// A tensor as N x blocks x pixels x block (BlockedExtents).
struct Order {
  int64_t blocks, pixels;
  int block;
  int run;  ///< channels of a tile that lie side by side

  __device__ int64_t offset(int64_t n, int channel, int64_t pixel) const {
    return ((n * blocks + channel / block) * pixels + pixel) * block + channel % block;
  }
};

Order order_of(const TensorDesc& desc) {
  const BlockedExtents e(desc);
  return {.blocks = e.blocks,
          .pixels = e.h * e.w,
          .block = static_cast<int>(e.block),
          .run = desc.layout == Layout::nhwc ? tile : static_cast<int>(e.block)};
}

/// Calls visit(channel, pixel) for the elements of the tile, each by one thread, in the order in which they lie.
template <class Visit>
__device__ void for_each_element(const Order& order, Visit visit) {
#pragma unroll
  for (int i = threadIdx.x; i < tile * tile; i += threads)
    visit(i / (order.run * tile) * order.run + i % order.run, i / order.run % tile);
}

__global__ void __launch_bounds__(threads)
    reorder(const float* __restrict__ from, float* __restrict__ to, Order from_order, Order to_order, int channels,
            int64_t to_channels) {
  __shared__ float values[tile][tile + 1];
  const int64_t n = blockIdx.z, first_pixel = int64_t{blockIdx.x} * tile;
  const int first_channel = blockIdx.y * tile;
  for_each_element(from_order, [&](int c, int p) {
    const int channel = first_channel + c;
    const int64_t pixel = first_pixel + p;
    const bool is_there = channel < channels && pixel < from_order.pixels;
    values[c][p] = is_there ? from[from_order.offset(n, channel, pixel)] : 0.0F;
  });
  __syncthreads();
  for_each_element(to_order, [&](int c, int p) {
    const int channel = first_channel + c;
    const int64_t pixel = first_pixel + p;
    if (channel < to_channels && pixel < to_order.pixels) to[to_order.offset(n, channel, pixel)] = values[c][p];
  });
}

}  // namespace

void reorder_layout(const TensorView& from, const TensorView& to) {
  if (from.desc.layout == to.desc.layout || to.shape().rank() != 4) return copy_elements(from, to);
  const BlockedExtents e(to.desc);
  const auto tiles = [](int64_t extent) { return static_cast<unsigned>((extent + tile - 1) / tile); };
  const int64_t to_channels = e.blocks * e.block;  // those that are padding included
  simt::launch({.grid = dim3(tiles(e.h * e.w), tiles(to_channels), static_cast<unsigned>(e.n)), .block = dim3(threads)},
               reorder, from.f32(), to.f32(), order_of(from.desc), order_of(to.desc), static_cast<int>(to.shape().c()),
               to_channels);
}

}  // namespace convlens
