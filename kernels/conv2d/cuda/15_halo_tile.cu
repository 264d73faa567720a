// 04_async_copy for 3 x 3 windows of stride 1. As an implicit GEMM, such a layer brings every number of x into shared
// memory nine times, once for each tap, each time by an index that is taken apart. Here a block takes the piece of a
// plane under all windows of its 16 x 16 pixels, 18 x 18 with the halo, once, and all nine taps read it from there. A
// thread has 2 x 4 pixels of 8 filters in registers: for the three taps of a row, 192 multiplications for 8 loads of
// 16 bytes from shared memory, where 04 has 64. Four channels at a time, and cp.async brings the next four meanwhile.
//
// The gradient of x is the same kernel: a convolution of dy with the filters turned by 180 degrees and the channels
// exchanged, which they are once, as they are packed.

#include "kernels/base/cuda/activation.h"
#include "kernels/base/cuda/blocks.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/cuda/sizes.h"

namespace convlens {
namespace {

struct Halo {
  static constexpr int window = 3, taps = window * window;
  static constexpr int side = 16, rows_each = 2, columns_each = 4;  // pixels of a block's tile and of a thread's
  static constexpr int filters = 32, filters_each = 8;
  static constexpr int threads = 32 * filters / filters_each;  // a warp has all pixels of 8 filters
  [[maybe_unused]] static constexpr int blocks = 3;            // only nvcc reads launch bounds
  static constexpr int channels = 4;                           // at once
  static constexpr int height = side + window - 1, width = side + columns_each;
  static constexpr int pitch = 24;  // two rows of pixels, 48 apart, then lie in different halves of the banks
};
static_assert(Halo::side / Halo::columns_each * Halo::side / Halo::rows_each == 32);

struct HaloSlice {
  float piece[Halo::channels][Halo::height][Halo::pitch];
  float taps[Halo::channels][Halo::taps][Halo::filters];
};

// A convolution with filters packed as [channel][tap][filter].
struct HaloSizes {
  int channels, filters;
  int height, width, out_height, out_width;
  int pad_top, pad_left;
  __host__ __device__ int filter_pitch() const { return ceil_div(filters, 4) * 4; }
};

// Where the block's tile is.
struct HaloPlace {
  int first_p, first_q, first_filter, n;
  __device__ explicit HaloPlace(const HaloSizes& s)
      : first_p(static_cast<int>(blockIdx.x) / ceil_div(s.out_width, Halo::side) * Halo::side),
        first_q(static_cast<int>(blockIdx.x) % ceil_div(s.out_width, Halo::side) * Halo::side),
        first_filter(static_cast<int>(blockIdx.y) * Halo::filters),
        n(static_cast<int>(blockIdx.z)) {}
};

__device__ void send_piece(const HaloSizes& s, const HaloPlace& place, const float* x, int first_channel,
                           HaloSlice& to) {
  const int top = place.first_p - s.pad_top, left = place.first_q - s.pad_left;
  for (int i = threadIdx.x; i < Halo::channels * Halo::height * Halo::width; i += Halo::threads) {
    const int c = i / (Halo::height * Halo::width), row = i / Halo::width % Halo::height, column = i % Halo::width;
    const int h = top + row, v = left + column;
    const bool inside = first_channel + c < s.channels && h >= 0 && h < s.height && v >= 0 && v < s.width;
    const int64_t at = ((int64_t{place.n} * s.channels + first_channel + c) * s.height + h) * s.width + v;
    __pipeline_memcpy_async(&to.piece[c][row][column], inside ? x + at : x, sizeof(float), inside ? 0 : sizeof(float));
  }
}

__device__ void send_taps(const HaloSizes& s, const HaloPlace& place, const float* packed, int first_channel,
                          HaloSlice& to) {
  constexpr int quads = Halo::filters / 4;
  const int pitch = s.filter_pitch();
  for (int i = threadIdx.x; i < Halo::channels * Halo::taps * quads; i += Halo::threads) {
    const int row = i / quads, quad = i % quads * 4, filter = place.first_filter + quad;
    const bool inside = first_channel + row / Halo::taps < s.channels && filter < pitch;
    const float* at = packed + (int64_t{first_channel} * Halo::taps + row) * pitch + filter;
    __pipeline_memcpy_async(&to.taps[row / Halo::taps][row % Halo::taps][quad], inside ? at : packed, sizeof(float4),
                            inside ? 0 : sizeof(float4));
  }
}

using HaloSums = float[Halo::rows_each][Halo::filters_each][Halo::columns_each];

// What the windows of 4 pixels take from a row.
struct HaloRow {
  float values[2 * Halo::columns_each];
  __device__ explicit HaloRow(const float* at) {
    *reinterpret_cast<float4*>(&values[0]) = *reinterpret_cast<const float4*>(at);
    *reinterpret_cast<float4*>(&values[4]) = *reinterpret_cast<const float4*>(at + 4);
  }
};

// `piece` and `taps` begin at the thread's first pixel and filter.
__device__ void add_channel(const float* piece, const float* taps, HaloSums& sums) {
  HaloRow upper(piece);
#pragma unroll
  for (int r = 0; r < Halo::window; ++r) {
    const HaloRow lower(piece + (r + 1) * Halo::pitch);
#pragma unroll
    for (int t = 0; t < Halo::window; ++t) {
      const auto* w = reinterpret_cast<const float4*>(taps + (r * Halo::window + t) * Halo::filters);
      const float4 low = w[0], high = w[1];
      const float of_tap[] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
      for (int j = 0; j < Halo::filters_each; ++j)
#pragma unroll
        for (int i = 0; i < Halo::columns_each; ++i) {
          sums[0][j][i] += upper.values[i + t] * of_tap[j];
          sums[1][j][i] += lower.values[i + t] * of_tap[j];
        }
    }
    upper = lower;
  }
}

// Four lanes have a row of 16 pixels: where rows are whole quads, they store two full sectors together.
__device__ void store_quad(float* to, int columns, bool quads, const float4& values) {
  if (quads) {
    *reinterpret_cast<float4*>(to) = values;
    return;
  }
  const float each[] = {values.x, values.y, values.z, values.w};
#pragma unroll
  for (int i = 0; i < Halo::columns_each; ++i)
    if (i < columns) to[i] = each[i];
}

__global__ void __launch_bounds__(Halo::threads, Halo::blocks)
    convolve_tile(HaloSizes s, const float* __restrict__ x, const float* __restrict__ packed,
                  const float* __restrict__ bias, float* __restrict__ y, ActivationLimits activation) {
  alignas(16) __shared__ HaloSlice slices[2];
  const HaloPlace place(s);
  const int lane = threadIdx.x % 32, filter = threadIdx.x / 32 * Halo::filters_each;
  const int row = lane / 4 * Halo::rows_each, column = lane % 4 * Halo::columns_each;
  const auto send = [&](int first_channel, HaloSlice& to) {
    send_piece(s, place, x, first_channel, to);
    send_taps(s, place, packed, first_channel, to);
    __pipeline_commit();
  };
  HaloSums sums = {};
  send(0, slices[0]);
  for (int channel = 0, slot = 0; channel < s.channels; channel += Halo::channels, slot ^= 1) {
    __pipeline_wait_prior(0);
    __syncthreads();
    // The other slice was read before this barrier, so it may be written from here on.
    if (channel + Halo::channels < s.channels) send(channel + Halo::channels, slices[slot ^ 1]);
#pragma unroll 1
    for (int c = 0; c < Halo::channels; ++c)
      add_channel(&slices[slot].piece[c][row][column], &slices[slot].taps[c][0][filter], sums);
  }
  const int q = place.first_q + column;
  if (q >= s.out_width) return;
#pragma unroll
  for (int j = 0; j < Halo::filters_each; ++j) {
    const int o = place.first_filter + filter + j;
    if (o >= s.filters) return;
    const float shift = bias ? bias[o] : 0.0F;
#pragma unroll
    for (int i = 0; i < Halo::rows_each; ++i) {
      const int p = place.first_p + row + i;
      if (p >= s.out_height) continue;
      float* to = y + ((int64_t{place.n} * s.filters + o) * s.out_height + p) * s.out_width + q;
      const float(&own)[Halo::columns_each] = sums[i][j];
      store_quad(to, s.out_width - q, s.out_width % Halo::columns_each == 0,
                 make_float4(activation(own[0] + shift), activation(own[1] + shift), activation(own[2] + shift),
                             activation(own[3] + shift)));
    }
  }
}

// Numbers of w from one filter, channel and tap of the packed filters to the next, and the first tap's place.
struct HaloSource {
  int filter, channel, tap, first_tap;
};

__global__ void __launch_bounds__(element_threads)
    pack_halo_filters(HaloSizes s, HaloSource from, const float* __restrict__ w, float* __restrict__ packed) {
  const int64_t i = element_index();
  const int pitch = s.filter_pitch();
  if (i >= int64_t{s.channels} * Halo::taps * pitch) return;
  const auto filter = static_cast<int>(i % pitch), tap = static_cast<int>(i / pitch % Halo::taps),
             channel = static_cast<int>(i / pitch / Halo::taps);
  packed[i] = filter < s.filters
                  ? w[int64_t{filter} * from.filter + int64_t{channel} * from.channel + from.first_tap + tap * from.tap]
                  : 0.0F;
}

// A convolution of what runs through it in one pass.
class HaloKernel : public Kernel {
 public:
  HaloKernel(const HaloSizes& sizes, int batch, const HaloSource& source)
      : sizes_(sizes), batch_(batch), source_(source) {}
  size_t packed_bytes() const override { return sizeof(float) * static_cast<size_t>(packed_elements()); }
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    simt::launch(one_thread_each(packed_elements()), pack_halo_filters, sizes_, source_, weights[0].f32(),
                 reinterpret_cast<float*>(packed));
  }

 protected:
  void convolve(const float* x, const std::byte* packed, const float* bias, float* y, ActivationLimits activation) {
    const int tiles = ceil_div(sizes_.out_height, Halo::side) * ceil_div(sizes_.out_width, Halo::side);
    simt::launch(
        {.grid = dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(ceil_div(sizes_.filters, Halo::filters)),
                      static_cast<unsigned>(batch_)),
         .block = dim3(Halo::threads)},
        convolve_tile, sizes_, x, reinterpret_cast<const float*>(packed), bias, y, activation);
  }

 private:
  int64_t packed_elements() const { return int64_t{sizes_.channels} * Halo::taps * sizes_.filter_pitch(); }

  HaloSizes sizes_;
  int batch_;
  HaloSource source_;
};

class Forward final : public HaloKernel {
 public:
  explicit Forward(const Problem& problem)
      : HaloKernel(sizes(conv_sizes(problem)), conv_sizes(problem).batch,
                   {conv_sizes(problem).in_channels * Halo::taps, Halo::taps, 1, 0}),
        activation_(activation_limits(problem.activation)) {}
  void run(const Arguments& args) override {
    convolve(args.inputs[0].f32(), args.packed, args.weights.size() > 1 ? args.weights[1].f32() : nullptr,
             args.output.f32(), activation_);
  }

 private:
  static HaloSizes sizes(const ConvSizes& s) {
    return {s.in_channels, s.out_channels, s.height, s.width, s.out_height, s.out_width, s.pad_top, s.pad_left};
  }
  ActivationLimits activation_;
};

class BackwardData final : public HaloKernel {
 public:
  explicit BackwardData(const Problem& problem)
      : HaloKernel(sizes(conv_sizes(problem)), conv_sizes(problem).batch,
                   {Halo::taps, conv_sizes(problem).in_channels * Halo::taps, -1, Halo::taps - 1}) {}
  void run(const Arguments& args) override {
    convolve(args.grad_output.f32(), args.packed, nullptr, args.grad_inputs[0].f32(), {});
  }

 private:
  static HaloSizes sizes(const ConvSizes& s) {
    return {s.out_channels,
            s.in_channels,
            s.out_height,
            s.out_width,
            s.height,
            s.width,
            Halo::window - 1 - s.pad_top,
            Halo::window - 1 - s.pad_left};
  }
};

std::optional<std::string> refuses(const Problem& problem) { return refuses_as_halo(conv_sizes(problem)); }

template <class Made>
Variant rung(Pass pass) {
  return {.name = "15_halo_tile",
          .device = simt::device,
          .pass = pass,
          .priority = 5,
          .fuses_activation = pass == Pass::forward,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = [](const Problem& problem) { return std::make_unique<Made>(problem); }};
}

const RegisterVariant forward("conv2d", rung<Forward>(Pass::forward));
const RegisterVariant backward_data("conv2d", rung<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
