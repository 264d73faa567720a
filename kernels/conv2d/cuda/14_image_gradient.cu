// The gradient of an image of up to four channels, which is where every saliency and every made image ends. As a
// product of matrices it has three rows, of which 03 and 04 fill tiles of 64: 1/21 of their work is of use. Here a
// thread has 4 pixels by all channels in registers, and takes dy from the piece that its block, 16 x 32 pixels, shares:
// 16 multiplications for 5 loads from shared memory. Pixels of one block are those that the same taps reach: with
// stride s, rows and columns that are s apart, so that no tap is tried in vain.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/image_channels.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

constexpr int rows = 16, columns = 32, rows_each = 4;  // of a block's tile; a warp's lanes have a row
constexpr int threads = columns * rows / rows_each;
constexpr int filters_at_once = 4;

// One axis of the pixels of x that a phase holds: those at first + i * stride, reached by the taps phase, phase +
// stride, ... The tap phase + j * stride meets pixel i at output i - j.
struct Phase {
  int phase, stride, taps, first;
  int skipped;  // pixels before the image
  __device__ Phase(int which, int kernel, int step, int pad)
      : phase(which),
        stride(step),
        taps(which < kernel ? ceil_div(kernel - which, step) : 0),
        first(which - pad),
        skipped(first < 0 ? ceil_div(-first, step) : 0) {}
};

// The block's piece of dy for some filters at once: rows and columns that its pixels' taps reach.
struct GradientPiece {
  int height, width;
  __host__ __device__ GradientPiece(int taps_y, int taps_x) : height(rows + taps_y - 1), width(columns + taps_x - 1) {}
  __host__ __device__ int numbers() const { return height * width; }
};

struct PlaceOfPiece {
  int n, first_filter, top, left;  // the piece's first output pixel
};

__device__ void load_gradients(const ConvSizes& s, const GradientPiece& piece, const PlaceOfPiece& place,
                               const float* grad_y, float* to) {
  for (int i = threadIdx.x; i < filters_at_once * piece.numbers(); i += threads) {
    const int o = place.first_filter + i / piece.numbers(), p = place.top + i % piece.numbers() / piece.width,
              q = place.left + i % piece.width;
    const bool inside = o < s.out_channels && p >= 0 && p < s.out_height && q >= 0 && q < s.out_width;
    to[i] = inside ? grad_y[((int64_t{place.n} * s.out_channels + o) * s.out_height + p) * s.out_width + q] : 0.0F;
  }
}

// taps[filter][tap of the phase][channel], channels in whole quads.
__device__ void load_phase_filters(const ConvSizes& s, const Phase& y, const Phase& x, int first_filter, const float* w,
                                   float* taps) {
  const int of_filter = y.taps * x.taps * max_channels;
  for (int i = threadIdx.x; i < filters_at_once * of_filter; i += threads) {
    const int c = i % max_channels, tap = i % of_filter / max_channels, o = first_filter + i / of_filter;
    const int r = y.phase + tap / x.taps * y.stride, t = x.phase + tap % x.taps * x.stride;
    taps[i] = o < s.out_channels && c < s.in_channels
                  ? w[((int64_t{o} * s.in_channels + c) * s.kernel_height + r) * s.kernel_width + t]
                  : 0.0F;
  }
}

// `piece` begins at the thread's first pixel.
__device__ void add_filter(const Phase& y, const Phase& x, int width, const float* piece, const float* taps,
                           float (&sums)[rows_each][max_channels]) {
  for (int j = 0; j < y.taps; ++j)
    for (int k = 0; k < x.taps; ++k) {
      const float4 w = reinterpret_cast<const float4*>(taps)[j * x.taps + k];
      const float* gradient = piece + (y.taps - 1 - j) * width + x.taps - 1 - k;
#pragma unroll
      for (int i = 0; i < rows_each; ++i) {
        const float g = gradient[i * width];
        sums[i][0] += g * w.x;
        sums[i][1] += g * w.y;
        sums[i][2] += g * w.z;
        sums[i][3] += g * w.w;
      }
    }
}

// blockIdx.x: tile of the phase's pixels, y: phase, z: image.
__global__ void __launch_bounds__(threads)
    backward_data(ConvSizes s, const float* __restrict__ grad_y, const float* __restrict__ w,
                  float* __restrict__ grad_x, int tiles_x) {
  const Phase y(blockIdx.y / s.stride_x, s.kernel_height, s.stride_y, s.pad_top);
  const Phase x(blockIdx.y % s.stride_x, s.kernel_width, s.stride_x, s.pad_left);
  const int first_row = y.skipped + blockIdx.x / tiles_x * rows,
            first_column = x.skipped + blockIdx.x % tiles_x * columns;
  const GradientPiece sizes(y.taps, x.taps);
  const int of_filter = y.taps * x.taps * max_channels;
  auto* taps = simt::dynamic_shared<float>();
  float* piece = taps + filters_at_once * of_filter;
  const int lane = threadIdx.x % columns, row = threadIdx.x / columns * rows_each;
  float sums[rows_each][max_channels] = {};
  for (int o = 0; o < s.out_channels; o += filters_at_once) {
    load_gradients(s, sizes, {static_cast<int>(blockIdx.z), o, first_row - (y.taps - 1), first_column - (x.taps - 1)},
                   grad_y, piece);
    load_phase_filters(s, y, x, o, w, taps);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < filters_at_once; ++i)
      add_filter(y, x, sizes.width, piece + i * sizes.numbers() + row * sizes.width + lane, taps + i * of_filter, sums);
    __syncthreads();
  }
  const int v = x.first + (first_column + lane) * x.stride;
#pragma unroll
  for (int i = 0; i < rows_each; ++i) {
    const int h = y.first + (first_row + row + i) * y.stride;
    if (h >= s.height || v >= s.width) return;
#pragma unroll
    for (int c = 0; c < max_channels; ++c)
      if (c < s.in_channels)
        grad_x[((int64_t{blockIdx.z} * s.in_channels + c) * s.height + h) * s.width + v] = sums[i][c];
  }
}

size_t shared_bytes(const ConvSizes& s) {
  const int taps_y = ceil_div(s.kernel_height, s.stride_y), taps_x = ceil_div(s.kernel_width, s.stride_x);
  return sizeof(float) * filters_at_once *
         static_cast<size_t>(taps_y * taps_x * max_channels + GradientPiece(taps_y, taps_x).numbers());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const ConvSizes s = conv_sizes(problem);
  const int tiles_y = ceil_div(ceil_div(s.height, s.stride_y), rows),
            tiles_x = ceil_div(ceil_div(s.width, s.stride_x), columns);
  simt::launch({.grid = dim3(static_cast<unsigned>(tiles_y * tiles_x), static_cast<unsigned>(s.stride_y * s.stride_x),
                             static_cast<unsigned>(s.batch)),
                .block = dim3(threads),
                .shared_bytes = shared_bytes(s)},
               backward_data, s, args.grad_output.f32(), args.weights[0].f32(), args.grad_inputs[0].f32(), tiles_x);
}

std::optional<std::string> refuses(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  return refuses_as_image(s, shared_bytes(s));
}

const RegisterVariant registered("conv2d", {.name = "14_image_gradient",
                                            .device = simt::device,
                                            .pass = Pass::backward_data,
                                            .priority = 8,
                                            .layouts = in_nchw,
                                            .refuses = refuses,
                                            .prepare = stateless(run_backward_data)});

}  // namespace
}  // namespace convlens
