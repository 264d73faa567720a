// Images of up to four channels. The depth of their implicit GEMM is short (27 for 3 x 3 windows on RGB), so that 03
// and 04 spend their time on indices and on filling tiles. Here a block takes the piece of a plane under all its
// windows into shared memory, channel by channel, and makes 8 x 32 pixels of 32 filters; a thread has 4 pixels by 8
// filters in registers: 32 multiplications for 6 loads from shared memory.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/image_channels.h"
#include "kernels/conv2d/cuda/sizes.h"
#include "kernels/conv2d/cuda/turned_filters.h"

namespace convlens {
namespace {

constexpr int rows = 8, columns = 32, filters = 32;  // of a block's tile; a warp's lanes have a row
constexpr int rows_each = 4, filters_each = 8;
constexpr int threads = columns * (rows / rows_each) * (filters / filters_each);

// The piece of a plane under the windows of a tile. Its columns are sorted by their remainder by the stride: those that
// the lanes read together then lie side by side.
struct Piece {
  int height, width, pitch;  // `pitch` numbers hold the columns of one remainder
  int stride;
  __host__ __device__ explicit Piece(const ConvSizes& s)
      : height((rows - 1) * s.stride_y + s.kernel_height),
        width((columns - 1) * s.stride_x + s.kernel_width),
        pitch(ceil_div(width, s.stride_x)),
        stride(s.stride_x) {}
  __host__ __device__ int numbers() const { return height * pitch * stride; }
  __device__ int at(int row, int column) const { return (row * stride + column % stride) * pitch + column / stride; }
};

__device__ void load_piece(const ConvSizes& s, const Piece& piece, const float* plane, int top, int left, float* to) {
  for (int i = threadIdx.x; i < piece.height * piece.width; i += threads) {
    const int row = i / piece.width, column = i % piece.width, h = top + row, v = left + column;
    const bool inside = h >= 0 && h < s.height && v >= 0 && v < s.width;
    to[piece.at(row, column)] = inside ? plane[int64_t{h} * s.width + v] : 0.0F;
  }
}

// taps[tap][filter] of one channel, from the same order with all filters.
__device__ void load_filters(const float* of_channel, int64_t pitch, int window, int first_filter, float* taps) {
  for (int i = threadIdx.x; i < window * filters; i += threads) {
    const int tap = i / filters, filter = i % filters;
    taps[i] = first_filter + filter < pitch ? of_channel[tap * pitch + first_filter + filter] : 0.0F;
  }
}

// Adds one channel's products: `piece` and `taps` begin at the thread's first pixel and filter.
__device__ void add_channel(const ConvSizes& s, const Piece& sizes, const float* piece, const float* taps,
                            float (&sums)[rows_each][filters_each]) {
  const int row_step = s.stride_y * sizes.stride * sizes.pitch;
  for (int r = 0; r < s.kernel_height; ++r)
    for (int t = 0; t < s.kernel_width; ++t) {
      const auto* w = reinterpret_cast<const float4*>(taps + (r * s.kernel_width + t) * filters);
      const float4 low = w[0], high = w[1];
      const float of_tap[] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
      const float* x = piece + sizes.at(r, t);
#pragma unroll
      for (int i = 0; i < rows_each; ++i)
#pragma unroll
        for (int j = 0; j < filters_each; ++j) sums[i][j] += x[i * row_step] * of_tap[j];
    }
}

__global__ void __launch_bounds__(threads)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ packed, const float* __restrict__ bias,
            float* __restrict__ y, ActivationLimits activation) {
  const Piece sizes(s);
  const int window = s.kernel_height * s.kernel_width;
  const int64_t pitch = quad_pitch(s.out_channels);
  auto* taps = simt::dynamic_shared<float>();
  float* piece = taps + window * filters;
  const int tiles_x = ceil_div(s.out_width, columns), first_p = blockIdx.x / tiles_x * rows,
            first_q = blockIdx.x % tiles_x * columns, first_filter = blockIdx.y * filters, n = blockIdx.z;
  const int lane = threadIdx.x % columns, row = threadIdx.x / columns % (rows / rows_each) * rows_each,
            filter = threadIdx.x / columns / (rows / rows_each) * filters_each;
  float sums[rows_each][filters_each] = {};
  for (int c = 0; c < s.in_channels; ++c) {
    load_piece(s, sizes, x + (int64_t{n} * s.in_channels + c) * s.height * s.width, first_p * s.stride_y - s.pad_top,
               first_q * s.stride_x - s.pad_left, piece);
    load_filters(packed + c * window * pitch, pitch, window, first_filter, taps);
    __syncthreads();
    add_channel(s, sizes, piece + row * s.stride_y * sizes.stride * sizes.pitch + lane, taps + filter, sums);
    __syncthreads();
  }
  const int q = first_q + lane;
  if (q >= s.out_width) return;
#pragma unroll
  for (int j = 0; j < filters_each; ++j) {
    const int o = first_filter + filter + j;
    if (o >= s.out_channels) return;
    const float shift = bias ? bias[o] : 0.0F;
    float* plane = y + (int64_t{n} * s.out_channels + o) * s.out_height * s.out_width;
#pragma unroll
    for (int i = 0; i < rows_each; ++i)
      if (first_p + row + i < s.out_height)
        plane[int64_t{first_p + row + i} * s.out_width + q] = activation(sums[i][j] + shift);
  }
}

size_t shared_bytes(const ConvSizes& s) {
  return sizeof(float) * static_cast<size_t>(s.kernel_height * s.kernel_width * filters + Piece(s).numbers());
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem)
      : s_(conv_sizes(problem)), activation_(activation_limits(problem.activation)) {
    const int depth = s_.in_channels * s_.kernel_height * s_.kernel_width;
    filters_ = {s_.out_channels, depth, depth, 1};
  }
  size_t packed_bytes() const override { return filters_.bytes(); }
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    convlens::pack(filters_, weights[0].f32(), reinterpret_cast<float*>(packed));
  }
  void run(const Arguments& args) override {
    const int tiles = ceil_div(s_.out_height, rows) * ceil_div(s_.out_width, columns);
    simt::launch({.grid = dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(ceil_div(s_.out_channels, filters)),
                               static_cast<unsigned>(s_.batch)),
                  .block = dim3(threads),
                  .shared_bytes = shared_bytes(s_)},
                 forward, s_, args.inputs[0].f32(), reinterpret_cast<const float*>(args.packed),
                 args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(), activation_);
  }

 private:
  ConvSizes s_;
  TurnedFilters filters_;
  ActivationLimits activation_;
};

std::optional<std::string> refuses(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  return refuses_as_image(s, shared_bytes(s));
}

const RegisterVariant registered("conv2d", {.name = "13_first_layer",
                                            .device = simt::device,
                                            .pass = Pass::forward,
                                            .priority = 8,
                                            .fuses_activation = true,
                                            .layouts = in_nchw,
                                            .refuses = refuses,
                                            .prepare = [](const Problem& problem) {
                                              return std::make_unique<Forward>(problem);
                                            }});

}  // namespace
}  // namespace convlens
