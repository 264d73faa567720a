// A block makes 16 x 16 results of one filter. Channel by channel it copies the piece of x under all their windows into
// shared memory, and every thread takes its window from there: for 3 x 3 windows of stride 1 a result costs 324 / 256
// loads from global memory a channel, where 01_naive makes 9. The loads of w are one address for the whole block.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

constexpr int side = 16;  // of the tile of results

// The piece of x under the windows of a tile.
struct Piece {
  int height, width;
};

__host__ __device__ Piece piece_of(const ConvSizes& s) {
  return {(side - 1) * s.stride_y + (s.kernel_height - 1) * s.dilation_y + 1,
          (side - 1) * s.stride_x + (s.kernel_width - 1) * s.dilation_x + 1};
}

// Copies channel `x` from row `top` and column `left` on; what lies outside is zero.
__device__ void load_piece(const ConvSizes& s, const float* x, int top, int left, Piece piece, float* shared) {
  for (int i = threadIdx.x; i < piece.height * piece.width; i += side * side) {
    const int h = top + i / piece.width, v = left + i % piece.width;
    shared[i] = h >= 0 && h < s.height && v >= 0 && v < s.width ? x[h * s.width + v] : 0.0F;
  }
}

__device__ float window_sum(const ConvSizes& s, const float* window, int row, const float* w) {
  float sum = 0.0F;
  for (int r = 0; r < s.kernel_height; ++r)
    for (int t = 0; t < s.kernel_width; ++t)
      sum += w[r * s.kernel_width + t] * window[r * s.dilation_y * row + t * s.dilation_x];
  return sum;
}

__global__ void __launch_bounds__(side* side)
    forward(ConvSizes s, const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ bias,
            float* __restrict__ y, ActivationLimits activation) {
  float* shared = simt::dynamic_shared<float>();
  const Piece piece = piece_of(s);
  const int tiles_x = (s.out_width + side - 1) / side;
  const int first_p = blockIdx.x / tiles_x * side, first_q = blockIdx.x % tiles_x * side;
  const int o = blockIdx.y, n = blockIdx.z, row = threadIdx.x / side, column = threadIdx.x % side;
  const int first_channel = o / s.group_out * s.group_in, window = s.kernel_height * s.kernel_width;
  const float* mine = shared + row * s.stride_y * piece.width + column * s.stride_x;
  float sum = bias ? bias[o] : 0.0F;
  for (int i = 0; i < s.group_in; ++i) {
    const float* channel = x + (int64_t{n} * s.in_channels + first_channel + i) * s.height * s.width;
    load_piece(s, channel, first_p * s.stride_y - s.pad_top, first_q * s.stride_x - s.pad_left, piece, shared);
    __syncthreads();
    sum += window_sum(s, mine, piece.width, w + (int64_t{o} * s.group_in + i) * window);
    __syncthreads();
  }
  const int p = first_p + row, q = first_q + column;
  if (p < s.out_height && q < s.out_width)
    y[((int64_t{n} * s.out_channels + o) * s.out_height + p) * s.out_width + q] = activation(sum);
}

size_t shared_bytes(const ConvSizes& s) {
  const Piece piece = piece_of(s);
  return sizeof(float) * static_cast<size_t>(piece.height) * static_cast<size_t>(piece.width);
}

void run(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  const auto tiles = static_cast<unsigned>((s.out_height + side - 1) / side * ((s.out_width + side - 1) / side));
  simt::launch({.grid = dim3(tiles, static_cast<unsigned>(s.out_channels), static_cast<unsigned>(s.batch)),
                .block = dim3(side * side),
                .shared_bytes = shared_bytes(s)},
               forward, s, args.inputs[0].f32(), args.weights[0].f32(),
               args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32(),
               activation_limits(problem.activation));
}

std::optional<std::string> refuses(const Problem& problem) {
  const size_t bytes = shared_bytes(conv_sizes(problem));
  if (bytes <= plain_shared_bytes) return std::nullopt;
  return "its piece of the input takes " + std::to_string(bytes) + " bytes of shared memory (at most " +
         std::to_string(plain_shared_bytes) + ")";
}

const RegisterVariant registered("conv2d", {.name = "02_shared_tile",
                                            .device = simt::device,
                                            .pass = Pass::forward,
                                            .priority = 2,
                                            .fuses_activation = true,
                                            .layouts = in_nchw,
                                            .refuses = refuses,
                                            .prepare = stateless(run)});

}  // namespace
}  // namespace convlens
