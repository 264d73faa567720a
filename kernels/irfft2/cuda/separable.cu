// The transform by its formula, along one axis and then along the other. A block has a tile of 32 x 32 results, each
// warp four rows of it. Along columns the lanes have columns of their own and share a wave; along rows they share a
// number and each has a wave of its own. All waves of a size, e^(2 pi i j / size), lie in shared memory: the angle is
// brought into half a turn before it is rounded, so that each is as accurate as float.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/irfft2/irfft2.h"

namespace convlens {
namespace {

constexpr int tile = 32, warps = element_threads / 32, each = tile / warps;  // rows of a warp
constexpr int max_size = 4096;                                               // of which the waves fit

struct Sizes {
  explicit Sizes(const Problem& problem)
      : channels(static_cast<int>(problem.output.shape.c())),
        height(static_cast<int>(problem.output.shape.h())),
        width(static_cast<int>(problem.output.shape.w())),
        columns(static_cast<int>(problem.inputs[0].shape.w())) {
    const auto& params = problem.params_as<Irfft2Params>();
    const SpectrumWeights weights(params, height);
    norm = static_cast<float>(weights.norm());
    least = static_cast<float>(weights.least());
    decay = static_cast<float>(params.decay);
  }

  // SpectrumWeights
  __device__ float weight(int h, int k) const {
    const float once = k == 0 || 2 * k == width ? norm : 2.0F * norm;
    if (decay == 0.0F) return once;
    const float down = static_cast<float>(2 * h < height ? h : height - h) / static_cast<float>(height);
    const float right = static_cast<float>(k) / static_cast<float>(width);
    const float frequency = sqrtf(down * down + right * right);
    return once * powf(frequency > least ? frequency : least, -decay);
  }

  // Elements of a plane of the image, and of the spectrum; where in the spectrum its real parts begin.
  __device__ int64_t image() const { return int64_t{height} * width; }
  __device__ int64_t spectrum() const { return int64_t{height} * columns; }
  __device__ int64_t real(int plane) const { return (int64_t{plane} / channels * channels + plane) * spectrum(); }
  __device__ int64_t imaginary() const { return channels * spectrum(); }

  int channels, height, width, columns;
  float norm, least, decay;
};

// waves[j] = e^(2 pi i j / size), or e^(-2 pi i j / size) backward. A barrier must follow.
template <Pass pass>
__device__ void fill_waves(float2* waves, int size) {
  for (int j = threadIdx.x; j < size; j += element_threads) {
    const int near = 2 * j <= size ? j : j - size;
    float sine, cosine;
    sincospif(static_cast<float>(2 * near) / static_cast<float>(size), &sine, &cosine);
    waves[j] = make_float2(cosine, pass == Pass::forward ? sine : -sine);
  }
}

// j * frequency mod size for j = 0, 1, ..
struct Phase {
  Phase() = default;
  __device__ Phase(int frequency, int of) : step(frequency < of ? frequency : 0), size(of) {}
  __device__ void next() {
    at += step;
    if (at >= size) at -= size;
  }
  int step = 0, size = 0, at = 0;
};

__device__ void add_product(float2& sum, float2 a, float2 b) {
  sum.x += a.x * b.x - a.y * b.y;
  sum.y += a.x * b.y + a.y * b.x;
}
__device__ void add_product(float& sum, float2 a, float2 b) { sum += a.x * b.x - a.y * b.y; }
__device__ void add_product(float2& sum, float a, float2 b) {
  sum.x += a * b.x;
  sum.y += a * b.y;
}

// store(i, k, sum over j of load(j, k) wave(i j)) for the rows i and columns k of this block's tile.
template <Pass pass, class Load, class Store>
__device__ void transform_columns(const Sizes& s, const Load& load, const Store& store) {
  float2* waves = simt::dynamic_shared<float2>();
  __shared__ float2 values[tile][tile];
  fill_waves<pass>(waves, s.height);
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int k = blockIdx.x * tile + lane, first = blockIdx.y * tile + warp * each;
  float2 sums[each];
  Phase phases[each];
#pragma unroll
  for (int r = 0; r < each; ++r) {
    sums[r] = make_float2(0.0F, 0.0F);
    phases[r] = Phase(first + r, s.height);
  }
  for (int begin = 0; begin < s.height; begin += tile) {
    __syncthreads();  // the waves are there, and nobody reads the former values
#pragma unroll
    for (int r = 0; r < each; ++r) {
      const int j = begin + warp * each + r;
      if (j >= s.height || k >= s.columns) continue;
      const float2 value = load(j, k);
      values[warp * each + r][lane] = value;
    }
    __syncthreads();
    if (k >= s.columns) continue;
    const int count = s.height - begin < tile ? s.height - begin : tile;
    for (int j = 0; j < count; ++j) {
      const float2 value = values[j][lane];
#pragma unroll
      for (int r = 0; r < each; ++r) {
        add_product(sums[r], value, waves[phases[r].at]);
        phases[r].next();
      }
    }
  }
#pragma unroll
  for (int r = 0; r < each; ++r)
    if (first + r < s.height && k < s.columns) store(first + r, k, sums[r]);
}

// store(p, i, sum over j < count of load(p, j) wave(i j)) for the rows p and numbers i < results of this block's tile.
template <Pass pass, class From, class To, class Load, class Store>
__device__ void transform_rows(const Sizes& s, int count, int results, const Load& load, const Store& store) {
  float2* waves = simt::dynamic_shared<float2>();
  __shared__ From values[tile][tile];
  fill_waves<pass>(waves, s.width);
  const int lane = threadIdx.x % 32, own = threadIdx.x / 32 * each;
  const int i = blockIdx.x * tile + lane, first = blockIdx.y * tile + own;
  To sums[each]{};
  Phase phase(i, s.width);
  for (int begin = 0; begin < count; begin += tile) {
    __syncthreads();  // the waves are there, and nobody reads the former values
#pragma unroll
    for (int r = 0; r < each; ++r) {
      if (first + r >= s.height || begin + lane >= count) continue;
      const From value = load(first + r, begin + lane);
      values[own + r][lane] = value;
    }
    __syncthreads();
    for (int j = 0; j < tile && begin + j < count; ++j) {
      const float2 wave = waves[phase.at];
      phase.next();
#pragma unroll
      for (int r = 0; r < each; ++r)
        if (first + r < s.height) add_product(sums[r], values[own + r][j], wave);
    }
  }
#pragma unroll
  for (int r = 0; r < each; ++r)
    if (first + r < s.height && i < results) store(first + r, i, sums[r]);
}

// `rows` are the spectra of the image's rows: a plane of height x columns for each of the image's.
__global__ void __launch_bounds__(element_threads)
    columns_forward(Sizes s, const float* __restrict__ z, float2* __restrict__ rows) {
  const float* real = z + s.real(blockIdx.z);
  float2* to = rows + blockIdx.z * s.spectrum();
  const auto load = [&](int h, int k) {
    const int64_t i = int64_t{h} * s.columns + k;
    const float weight = s.weight(h, k);
    return make_float2(weight * real[i], weight * real[i + s.imaginary()]);
  };
  transform_columns<Pass::forward>(s, load, [&](int p, int k, float2 sum) { to[int64_t{p} * s.columns + k] = sum; });
}

__global__ void __launch_bounds__(element_threads)
    rows_forward(Sizes s, const float2* __restrict__ rows, float* __restrict__ y) {
  const float2* from = rows + blockIdx.z * s.spectrum();
  float* to = y + blockIdx.z * s.image();
  transform_rows<Pass::forward, float2, float>(
      s, s.columns, s.width, [&](int p, int k) { return from[int64_t{p} * s.columns + k]; },
      [&](int p, int q, float sum) { to[int64_t{p} * s.width + q] = sum; });
}

__global__ void __launch_bounds__(element_threads)
    rows_backward(Sizes s, const float* __restrict__ grad_y, float2* __restrict__ rows) {
  const float* from = grad_y + blockIdx.z * s.image();
  float2* to = rows + blockIdx.z * s.spectrum();
  transform_rows<Pass::backward_data, float, float2>(
      s, s.width, s.columns, [&](int p, int q) { return from[int64_t{p} * s.width + q]; },
      [&](int p, int k, float2 sum) { to[int64_t{p} * s.columns + k] = sum; });
}

__global__ void __launch_bounds__(element_threads)
    columns_backward(Sizes s, const float2* __restrict__ rows, float* __restrict__ grad_z) {
  const float2* from = rows + blockIdx.z * s.spectrum();
  float* real = grad_z + s.real(blockIdx.z);
  const auto store = [&](int h, int k, float2 sum) {
    const int64_t i = int64_t{h} * s.columns + k;
    const float weight = s.weight(h, k);
    real[i] = weight * sum.x;
    real[i + s.imaginary()] = weight * sum.y;
  };
  transform_columns<Pass::backward_data>(
      s, [&](int p, int k) { return from[int64_t{p} * s.columns + k]; }, store);
}

size_t rows_bytes(const Problem& problem) {
  const Shape &y = problem.output.shape, &z = problem.inputs[0].shape;
  return static_cast<size_t>(y.n() * y.c() * z.h() * z.w()) * sizeof(float2);
}

// For tiles of height x `across` results in each plane, with the waves of `size`.
simt::LaunchShape tiles(const Problem& problem, int64_t across, int64_t size) {
  const Shape& y = problem.output.shape;
  const auto count = [](int64_t extent) { return static_cast<unsigned>((extent + tile - 1) / tile); };
  return {.grid = dim3(count(across), count(y.h()), static_cast<unsigned>(y.n() * y.c())),
          .block = dim3(element_threads),
          .shared_bytes = static_cast<size_t>(size) * sizeof(float2)};
}

void run_forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  auto* rows = reinterpret_cast<float2*>(args.workspace);
  simt::launch(tiles(problem, s.columns, s.height), columns_forward, s, args.inputs[0].f32(), rows);
  simt::launch(tiles(problem, s.width, s.width), rows_forward, s, rows, args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  auto* rows = reinterpret_cast<float2*>(args.workspace);
  simt::launch(tiles(problem, s.columns, s.width), rows_backward, s, args.grad_output.f32(), rows);
  simt::launch(tiles(problem, s.columns, s.height), columns_backward, s, rows, args.grad_inputs[0].f32());
}

std::optional<std::string> refuses(const Problem& problem) {
  if (problem.output.shape.h() <= max_size && problem.output.shape.w() <= max_size) return std::nullopt;
  return "needs an image of at most " + std::to_string(max_size) + " pixels either way";
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "separable",
          .device = simt::device,
          .pass = pass,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = stateless(run, rows_bytes)};
}

const RegisterVariant registered_forward("irfft2", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("irfft2", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
