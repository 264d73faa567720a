// Three passes over the channels of a few pixels that stay in the cache: the maximum, the sum of exponentials, the
// result.

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/elementary.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/cpu/pixel_tiles.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

void forward(const Problem& problem, const Arguments& args) {
  const PixelTiles tiles(problem.output);
  const float* x = args.inputs[0].f32();
  float* y = args.output.f32();
  parallel_for(tiles.count(), [&](int64_t t) {
    const PixelTile tile = tiles[t];
    float max[PixelTile::max_pixels], logarithm[PixelTile::max_pixels];
    double sum[PixelTile::max_pixels];
    tile.max([&](int64_t i, int64_t) { return x[i]; }, max);
    tile.sum([&](int64_t i, int64_t p) { return exp_f32(x[i] - max[p]); }, sum);
    for (int64_t p = 0; p < tile.pixels(); ++p) logarithm[p] = static_cast<float>(std::log(sum[p]));
    tile.store([&](int64_t i, int64_t p) { return (x[i] - max[p]) - logarithm[p]; }, y);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  const PixelTiles tiles(problem.output);
  const float *y = args.output.f32(), *grad_y = args.grad_output.f32();
  float* grad_x = args.grad_inputs[0].f32();
  parallel_for(tiles.count(), [&](int64_t t) {
    const PixelTile tile = tiles[t];
    double sum[PixelTile::max_pixels];
    float total[PixelTile::max_pixels];
    tile.sum([&](int64_t i, int64_t) { return grad_y[i]; }, sum);
    std::copy_n(sum, tile.pixels(), total);
    tile.store([&](int64_t i, int64_t p) { return grad_y[i] - exp_f32(y[i]) * total[p]; }, grad_x);
  });
}

const RegisterVariant registered_forward(
    "log_softmax", {.name = "tiles", .device = Device::cpu, .pass = Pass::forward, .prepare = stateless(forward)});
const RegisterVariant registered_backward("log_softmax", {.name = "tiles",
                                                          .device = Device::cpu,
                                                          .pass = Pass::backward_data,
                                                          .prepare = stateless(backward_data)});

}  // namespace
}  // namespace convlens
