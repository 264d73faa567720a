// Both directions in one pass over memory: a block has a tile of 32 x 32 pixels. Its warps blur rows along their width,
// those of the tile and as many above and below as the radius, into shared memory; from there the tile is blurred along
// its height. What is between the two is never written down. Backward is the same with the shares transposed.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/gaussian_blur/gaussian_blur.h"

namespace convlens {
namespace {

constexpr int tile = 32, warps = element_threads / 32;
constexpr int max_radius = 64;

struct Blur {
  float weights[max_radius + 1];
  int radius, height, width;
  bool reflect;

  __device__ float weight(int distance) const { return distance >= 0 && distance <= radius ? weights[distance] : 0.0F; }

  // blur_share()
  __device__ float share(int size, int o, int i) const {
    const float direct = weight(o < i ? i - o : o - i);
    if (!reflect) return direct;
    return direct + (i > 0 ? weight(o + i) : 0.0F) + (i < size - 1 ? weight(2 * (size - 1) - o - i) : 0.0F);
  }

  template <Pass pass>
  __device__ float share_of(int size, int to, int from) const {
    return pass == Pass::forward ? share(size, to, from) : share(size, from, to);
  }
};

// Of the row `from`, 32 blurred elements from first_column on; `segment` is scratch of this warp.
template <Pass pass>
__device__ void blur_row(const Blur& b, const float* from, int first_column, float* segment, float* blurred) {
  const int lane = threadIdx.x % 32, column = first_column + lane, first = first_column - b.radius;
  for (int k = lane; k < tile + 2 * b.radius; k += 32) {
    const bool inside = first + k >= 0 && first + k < b.width;
    segment[k] = inside ? from[first + k] : 0.0F;
  }
  __syncwarp();
  float sum = 0.0F;
  for (int k = 0; k <= 2 * b.radius; ++k) {
    const int neighbour = column - b.radius + k;
    if (neighbour >= 0 && neighbour < b.width) sum += b.share_of<pass>(b.width, column, neighbour) * segment[lane + k];
  }
  blurred[lane] = sum;
  __syncwarp();  // nobody writes the next segment while this one is read
}

template <Pass pass>
__global__ void __launch_bounds__(element_threads)
    blur(Blur b, const float* __restrict__ from, float* __restrict__ to) {
  const int64_t plane = int64_t{blockIdx.x} * b.height * b.width;
  const int first_row = blockIdx.y * tile, first_column = blockIdx.z * tile;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, rows = tile + 2 * b.radius;
  float* blurred = simt::dynamic_shared<float>();  // rows x tile
  float* segment = blurred + rows * tile + warp * rows;
  for (int k = warp; k < rows; k += warps) {
    const int row = first_row - b.radius + k;
    if (row >= 0 && row < b.height)
      blur_row<pass>(b, from + plane + int64_t{row} * b.width, first_column, segment, blurred + k * tile);
  }
  __syncthreads();
  if (first_column + lane >= b.width) return;
  for (int k = warp; k < tile; k += warps) {
    const int row = first_row + k;
    if (row >= b.height) return;
    float sum = 0.0F;
    for (int j = 0; j <= 2 * b.radius; ++j) {
      const int neighbour = row - b.radius + j;
      if (neighbour >= 0 && neighbour < b.height)
        sum += b.share_of<pass>(b.height, row, neighbour) * blurred[(k + j) * tile + lane];
    }
    to[plane + int64_t{row} * b.width + first_column + lane] = sum;
  }
}

Blur blur_of(const Problem& problem) {
  const auto& p = problem.params_as<GaussianBlurParams>();
  const std::vector<double> weights = gaussian_weights(p.sigma);
  const Shape& shape = problem.output.shape;
  Blur b{.radius = static_cast<int>(weights.size()) - 1,
         .height = static_cast<int>(shape.h()),
         .width = static_cast<int>(shape.w()),
         .reflect = p.border == BlurBorder::reflect};
  for (size_t k = 0; k < weights.size(); ++k) b.weights[k] = static_cast<float>(weights[k]);
  return b;
}

template <Pass pass>
void run_blur(const Problem& problem, const float* from, float* to) {
  const Blur b = blur_of(problem);
  const Shape& shape = problem.output.shape;
  const auto tiles = [](int64_t size) { return static_cast<unsigned>((size + tile - 1) / tile); };
  const auto rows = static_cast<size_t>(tile + 2 * b.radius);
  simt::launch({.grid = dim3(static_cast<unsigned>(shape.n() * shape.c()), tiles(shape.h()), tiles(shape.w())),
                .block = dim3(element_threads),
                .shared_bytes = rows * (tile + warps) * sizeof(float)},
               blur<pass>, b, from, to);
}

void run_forward(const Problem& problem, const Arguments& args) {
  run_blur<Pass::forward>(problem, args.inputs[0].f32(), args.output.f32());
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  run_blur<Pass::backward_data>(problem, args.grad_output.f32(), args.grad_inputs[0].f32());
}

std::optional<std::string> refuses(const Problem& problem) {
  if (gaussian_weights(problem.params_as<GaussianBlurParams>().sigma).size() <= max_radius + 1) return std::nullopt;
  return "needs a radius of at most " + std::to_string(max_radius);
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "fused",
          .device = simt::device,
          .pass = pass,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("gaussian_blur", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("gaussian_blur", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
