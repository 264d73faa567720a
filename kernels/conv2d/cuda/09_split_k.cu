// 04_async_copy for problems with few tiles: the deep layers of a network at batch 1, whose 14 x 14 pixels by 512
// filters are 32 tiles for 132 multiprocessors, and the gradients of filters, whose depth is all pixels. The depth is
// cut into parts, each made by blocks of its own; a second kernel adds the parts up in order, so that the result does
// not depend on who was first. Costs one write and one read of every part's sums.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/gemm_tile_async.h"
#include "kernels/base/cuda/parts.h"
#include "kernels/conv2d/cuda/implicit_gemm.h"

namespace convlens {
namespace {

// An operand from some k on.
template <class Operand>
struct From {
  static constexpr bool contiguous_in_k = Operand::contiguous_in_k;
  Operand operand;
  int first_k;
  __device__ const float* address(int row, int k) const { return operand.address(row, first_k + k); }
};

__host__ __device__ int64_t results_of(const ConvSizes& s, const GemmSizes& sizes) {
  return int64_t{s.in_channels / s.group_in} * sizes.rows * sizes.columns;
}

// blockIdx.z: part and group. `sums` is [part][group][row][column].
template <class Gemm>
__global__ void __launch_bounds__(GemmTile::threads, GemmTile::blocks)
    partial_gemm(ConvSizes s, const float* __restrict__ left, const float* __restrict__ right, float* __restrict__ sums,
                 int parts) {
  const Gemm gemm{{s, left, right, nullptr}};
  const GemmSizes sizes = Gemm::sizes(s);
  const int groups = s.in_channels / s.group_in, group = blockIdx.z % groups, part = blockIdx.z / groups;
  const int begin = part_begin(part, parts, sizes.depth, GemmTile::depth),
            end = part_begin(part + 1, parts, sizes.depth, GemmTile::depth);
  const From<decltype(gemm.a(group))> a{gemm.a(group), begin};
  const From<decltype(gemm.b(group))> b{gemm.b(group), begin};
  float* own = sums + part * results_of(s, sizes) + int64_t{group} * sizes.rows * sizes.columns;
  gemm_tile_async_to(a, b, sizes.rows, sizes.columns, end - begin, blockIdx.y * GemmTile::size,
                     blockIdx.x * GemmTile::size, left,
                     [&](int row, int column, float sum) { own[int64_t{row} * sizes.columns + column] = sum; });
}

// A thread a result.
template <class Gemm>
__global__ void __launch_bounds__(element_threads)
    add_parts(ConvSizes s, const float* __restrict__ sums, float* __restrict__ result, const float* __restrict__ bias,
              ActivationLimits activation, int parts) {
  const GemmSizes sizes = Gemm::sizes(s);
  const int64_t i = element_index(), results = results_of(s, sizes);
  if (i >= results) return;
  float sum = 0.0F;
  for (int part = 0; part < parts; ++part) sum += sums[part * results + i];
  const Gemm gemm{{s, nullptr, nullptr, result, bias, activation}};
  gemm.store(static_cast<int>(i / sizes.columns / sizes.rows), static_cast<int>(i / sizes.columns % sizes.rows),
             static_cast<int>(i % sizes.columns), sum);
}

int parts_of(const ConvSizes& s, const GemmSizes& sizes) {
  const int64_t tiles = int64_t{gemm_tiles(sizes.rows)} * gemm_tiles(sizes.columns) * groups_of(s);
  return convlens::parts_of(tiles, ceil_div(sizes.depth, GemmTile::depth));
}

struct SplitK {
  template <class Gemm>
  static void run(const GemmTensors& t, std::byte* workspace) {
    const GemmSizes sizes = Gemm::sizes(t.s);
    const int parts = parts_of(t.s, sizes);
    auto* sums = reinterpret_cast<float*>(workspace);
    simt::launch(gemm_shape(sizes, groups_of(t.s) * parts), partial_gemm<Gemm>, t.s, t.left, t.right, sums, parts);
    simt::launch(one_thread_each(results_of(t.s, sizes)), add_parts<Gemm>, t.s, sums, t.result, t.bias, t.activation,
                 parts);
  }
};

template <Pass pass>
size_t workspace(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  const GemmSizes sizes = GemmOf<pass>::Type::sizes(s);
  return sizeof(float) * static_cast<size_t>(parts_of(s, sizes) * results_of(s, sizes));
}

template <Pass pass>
std::optional<std::string> refuses(const Problem& problem) {
  const ConvSizes s = conv_sizes(problem);
  if (parts_of(s, GemmOf<pass>::Type::sizes(s)) > 1) return std::nullopt;
  return "has tiles enough for every multiprocessor, or too small a depth to cut";
}

template <Pass pass>
Variant rung() {
  Variant variant = gemm_variant<SplitK, pass>("09_split_k", 6);
  variant.refuses = refuses<pass>;
  variant.prepare = stateless(run_gemm<SplitK, pass>, workspace<pass>);
  return variant;
}

const RegisterVariant forward("conv2d", rung<Pass::forward>());
const RegisterVariant backward_data("conv2d", rung<Pass::backward_data>());
const RegisterVariant backward_weights("conv2d", rung<Pass::backward_weights>());

}  // namespace
}  // namespace convlens
