#pragma once

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kernels/base/cpu/blocked_gemm.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/lane_activation.h"
#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/cpu/relu_mask.h"
#include "kernels/base/variant.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/cpu/rotated.h"

namespace convlens {

/// A convolution of stride 1 by minimal filtering with these points (WinogradPoints), whose taps are the windows'
/// height and width, from and to the channel-blocked layout of `lanes` channels. Tiles are taken a chunk at a time:
/// their transforms, the products with the filters' transforms (a product of matrices for each of the tile's places)
/// and the sums' transforms stay in the cache of the core that makes them. Where there are fewer chunks than threads,
/// the threads share each step of one. Of filters that become much larger the transforms are made in every run, if
/// there are so many tiles that this takes little of it (docs/results/conv2d-cpu.md): then they need memory for a layer
/// at a time.
template <class Points, int lanes>
class WinogradKernel final : public Kernel {
  using Lanes = FloatLanes<lanes>;
  static constexpr int64_t r = Points::outputs, taps = Points::taps, tile = Points::tile, places = tile * tile;

 public:
  explicit WinogradKernel(const Problem& problem)
      : sizes_(problem),
        activated_(problem.activation),
        in_blocks_((sizes_.in_channels + lanes - 1) / lanes),
        out_blocks_((sizes_.out_channels + lanes - 1) / lanes),
        rows_((sizes_.y.output + r - 1) / r),
        columns_((sizes_.x.output + r - 1) / r),
        threads_(omp_get_max_threads()),
        keeps_transforms_(keeps_transforms()) {
    int64_t most = most_tiles();
    shares_ = (tiles() + most - 1) / most < threads_ ? 1 : threads_;
    const int64_t largest_share = (tiles() + shares_ - 1) / shares_;
    // Where threads have so many chunks that larger ones are even too, whole passes of the product.
    constexpr int64_t many = 8, pixels = BlockedGemm<lanes>::most_pixels;
    if (largest_share >= many * most) most = (most + pixels - 1) / pixels * pixels;
    chunks_ = (largest_share + most - 1) / most;
    chunk_ = (largest_share + chunks_ - 1) / chunks_;
  }

  size_t workspace() const override {
    return static_cast<size_t>(made_floats() + chunk_floats() * shares_) * sizeof(float);
  }
  size_t packed_bytes() const override {
    return static_cast<size_t>(packed_floats() + out_blocks_ * lanes) * sizeof(float);
  }

  /// The filters' transforms as places x blocks of output channels x input channels x lanes, or the filters as blocks
  /// of output channels x input channels x taps x lanes, and the bias behind them.
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    auto* to = reinterpret_cast<float*>(packed);
    std::fill_n(to, packed_bytes() / sizeof(float), 0.0F);
    parallel_for(out_blocks_ * in_blocks_ * lanes, [&](int64_t i) {
      const int64_t block = i / (in_blocks_ * lanes), c = i % (in_blocks_ * lanes);
      if (c >= sizes_.in_channels) return;
      const Filters filters = filters_of(weights[0].f32(), block, c);
      if (keeps_transforms_)
        transform_filters(filters, to + i * lanes, place_floats());
      else
        store_lanes(to + i * taps * taps * lanes, filters);
    });
    if (weights.size() > 1) std::copy_n(weights[1].f32(), sizes_.out_channels, to + packed_floats());
  }

  void run(const Arguments& args) override {
    const LaneActivation activated = activated_;
    if (!args.relu_mask) return run(args, [=](const Lanes& result, const float*) { return activated(result); });
    const ReluMask<lanes> masked(args.relu_mask, args.mode);
    run(args, [=, to = args.output.f32()](const Lanes& result, const float* at) { return masked(result, at - to); });
  }

 private:
  /// finish(result, where it goes) gives what is stored there.
  template <class Finish>
  void run(const Arguments& args, const Finish& finish) const {
    auto* const workspace = reinterpret_cast<float*>(args.workspace);
    auto* const memory = workspace + made_floats();
    const float* const transforms = transforms_of(reinterpret_cast<const float*>(args.packed), workspace);
    if (shares_ == 1) {
      for (int64_t i = 0; i < chunks_; ++i) {
        const Chunk chunk = make_chunk(0, i, memory);
        parallel_for(in_blocks_, [&](int64_t block) { transform_input(args, chunk, block); });
        parallel_for(places, [&](int64_t place) { multiply(transforms, chunk, place); });
        parallel_for(out_blocks_, [&](int64_t block) { transform_output(args, chunk, block, finish); });
      }
      return;
    }
#pragma omp parallel for schedule(static) num_threads(threads_)
    for (int64_t share = 0; share < shares_; ++share)
      for (int64_t i = 0; i < chunks_; ++i) {
        const Chunk chunk = make_chunk(share, i, memory + share * chunk_floats());
        for (int64_t block = 0; block < in_blocks_; ++block) transform_input(args, chunk, block);
        for (int64_t place = 0; place < places; ++place) multiply(transforms, chunk, place);
        for (int64_t block = 0; block < out_blocks_; ++block) transform_output(args, chunk, block, finish);
      }
  }

  // A chunk's transforms fit into a core's cache beside a slice of the filters. Where there are many channels they do
  // not: then it is so large that its filters, read once a chunk, cost little more than its transforms. Two passes of
  // the product are enough where filters stay in the last cache, as up to 16 MB of them do beside AVX-512.
  int64_t most_tiles() const {
    constexpr int64_t cached_floats = 96 << 10, kept_floats = lanes == 16 ? 4 << 20 : 0;
    const int64_t blocks = in_blocks_ + out_blocks_;
    int64_t enough = 3 * lanes * in_blocks_ * out_blocks_ / (8 * blocks);
    if (places * place_floats() < kept_floats) enough = std::min<int64_t>(enough, 2 * BlockedGemm<lanes>::most_pixels);
    return std::max(cached_floats / (places * lanes * blocks), enough);
  }

  // The transform of the sums multiplies their rounding, for 6 x 6 outputs five times as much as for 4 x 4: there, no
  // sum grows beyond 16 channels before it is added to the others (docs/results/conv2d-cpu.md).
  int64_t part_blocks() const { return r > 4 ? 16 / lanes : in_blocks_; }

  struct Chunk {
    int64_t first, count;  // tiles
    float *inputs, *products;
  };

  int64_t tiles() const { return sizes_.batch * rows_ * columns_; }
  // From one place to the next; a vector more, so that places do not fall on the same lines of the cache.
  int64_t input_stride() const { return (in_blocks_ * chunk_ + 1) * lanes; }
  int64_t product_stride() const { return (out_blocks_ * chunk_ + 1) * lanes; }
  int64_t chunk_floats() const { return places * (input_stride() + product_stride()); }

  // For fewer tiles the transforms would take a tenth of a run's time and more; smaller ones are not worth it.
  bool keeps_transforms() const {
    constexpr int64_t fewest_tiles = 250, fewest_floats = 1 << 20;
    return tiles() < fewest_tiles || places * place_floats() < fewest_floats || places < 2 * taps * taps;
  }
  int64_t place_floats() const { return out_blocks_ * in_blocks_ * lanes * lanes; }
  int64_t made_floats() const { return keeps_transforms_ ? 0 : places * place_floats(); }
  int64_t packed_floats() const { return (keeps_transforms_ ? places : taps * taps) * place_floats(); }

  struct Position {
    int64_t image, row, column;  // of tiles
  };
  Position position(int64_t t) const { return {t / (rows_ * columns_), t / columns_ % rows_, t % columns_}; }
  void advance(Position& p) const {
    if (++p.column < columns_) return;
    p.column = 0;
    if (++p.row < rows_) return;
    p.row = 0, ++p.image;
  }

  Chunk make_chunk(int64_t share, int64_t i, float* memory) const {
    const int64_t begin = share * tiles() / shares_, count = (share + 1) * tiles() / shares_ - begin;
    const int64_t first = begin + i * count / chunks_, end = begin + (i + 1) * count / chunks_;
    return {first, end - first, memory, memory + places * input_stride()};
  }

  using Filters = std::array<Lanes, taps * taps>;  // from one channel to a vector of them

  Filters filters_of(const float* weights, int64_t block, int64_t c) const {
    Filters filters{};
    for (int64_t lane = 0; lane < std::min<int64_t>(lanes, sizes_.out_channels - block * lanes); ++lane)
      for (int64_t i = 0; i < taps * taps; ++i)
        filters[i][lane] = weights[((block * lanes + lane) * sizes_.in_channels + c) * taps * taps + i];
    return filters;
  }

  [[gnu::always_inline]] static inline void transform_filters(const Filters& filters, float* to, int64_t stride) {
    std::array<std::array<Lanes, tile>, taps> wide;
#pragma GCC unroll 5
    for (int64_t y = 0; y < taps; ++y) {
      std::array<Lanes, taps> line;
#pragma GCC unroll 5
      for (int64_t x = 0; x < taps; ++x) line[x] = filters[y * taps + x];
      Points::filter(line, wide[y]);
    }
#pragma GCC unroll 8
    for (int64_t x = 0; x < tile; ++x) {
      std::array<Lanes, taps> column;
      std::array<Lanes, tile> u;
#pragma GCC unroll 5
      for (int64_t y = 0; y < taps; ++y) column[y] = wide[y][x];
      Points::filter(column, u);
#pragma GCC unroll 8
      for (int64_t y = 0; y < tile; ++y) store_lanes(to + (y * tile + x) * stride, u[y]);
    }
  }

  const float* transforms_of(const float* packed, float* made) const {
    if (keeps_transforms_) return packed;
    parallel_for(out_blocks_, [&](int64_t block) {
      for (int64_t i = block * in_blocks_; i < (block + 1) * in_blocks_; ++i)
        make_transforms(packed + i * taps * taps * lanes * lanes, made + i * lanes * lanes);
      finish_streaming();
    });
    return made;
  }

  // Of the filters between two blocks of channels. They go from the nearest cache to memory in whole lines: to places
  // so far apart the caches would be in the way.
  void make_transforms(const float* packed, float* made) const {
    constexpr int64_t block = lanes * lanes;
    alignas(64) std::array<float, places * block> near;
    for (int64_t c = 0; c < lanes; ++c)
      transform_filters(load_lanes<Filters>(packed + c * taps * taps * lanes), near.data() + c * lanes, block);
    for (int64_t place = 0; place < places; ++place)
      for (int64_t i = 0; i < block; i += lanes)
        stream_lanes(made + place * place_floats() + i, load_lanes<Lanes>(near.data() + place * block + i));
  }

  void transform_input(const Arguments& args, const Chunk& chunk, int64_t block) const {
    // In variables, as members would be read again after every store.
    const int64_t height = sizes_.y.input, width = sizes_.x.input, stride = input_stride();
    // What is transformed next: the next block of the same tiles, or the first of the next chunk's.
    const bool last = block + 1 == in_blocks_;
    const int64_t next_block = last ? 0 : block + 1;
    Position at = position(chunk.first), next = last ? position(chunk.first + chunk.count) : at;
    for (int64_t t = 0; t < chunk.count; ++t, advance(at), advance(next)) {
      fetch_columns(args, next, next_block);
      const int64_t y0 = at.row * r - sizes_.y.before, x0 = at.column * r - sizes_.x.before;
      const float* plane = args.inputs[0].f32() + (at.image * in_blocks_ + block) * height * width * lanes;
      std::array<std::array<Lanes, tile>, tile> wide;
      const bool inside = y0 >= 0 && x0 >= 0 && y0 + tile <= height && x0 + tile <= width;
      for (int64_t x = 0; x < tile; ++x) {
        std::array<Lanes, tile> d;
        const float* from = plane + (y0 * width + x0 + x) * lanes;
        if (inside)
#pragma GCC unroll 8
          for (int64_t y = 0; y < tile; ++y) d[y] = load_lanes<Lanes>(from + y * width * lanes);
        else
#pragma GCC unroll 8
          for (int64_t y = 0; y < tile; ++y)
            d[y] = y0 + y >= 0 && y0 + y < height && x0 + x >= 0 && x0 + x < width
                       ? load_lanes<Lanes>(from + y * width * lanes)
                       : Lanes{};
        Points::input(d, wide[x]);
      }
      float* to = chunk.inputs + (block * chunk.count + t) * lanes;
      for (int64_t y = 0; y < tile; ++y) {
        std::array<Lanes, tile> line, v;
#pragma GCC unroll 8
        for (int64_t x = 0; x < tile; ++x) line[x] = wide[x][y];
        Points::input(line, v);
#pragma GCC unroll 8
        for (int64_t x = 0; x < tile; ++x) store_lanes(to + (y * tile + x) * stride, v[x]);
      }
    }
  }

  // The part of a tile that its neighbour does not fetch: rows are too short, and too far apart, for the processor to
  // foresee. Addresses outside are harmless.
  [[gnu::always_inline]] inline void fetch_columns(const Arguments& args, const Position& at, int64_t block) const {
    constexpr int64_t line = 64 / sizeof(float);
    const int64_t width = sizes_.x.input, row = at.row * r - sizes_.y.before, column = at.column * r - sizes_.x.before;
    const float* from =
        args.inputs[0].f32() + (((at.image * in_blocks_ + block) * sizes_.y.input + row) * width + column) * lanes;
    for (int64_t y = 0; y < tile; ++y)
      for (int64_t x = 0; x < r * lanes; x += line) __builtin_prefetch(from + y * width * lanes + x, 0, 2);
  }

  void multiply(const float* transforms, const Chunk& chunk, int64_t place) const {
    BlockedGemm<lanes>{.pixels = chunk.inputs + place * input_stride(),
                       .pixel_block_stride = chunk.count * lanes,
                       .matrix = transforms + place * place_floats(),
                       .results = chunk.products + place * product_stride(),
                       .result_block_stride = chunk.count * lanes,
                       .result_pixel_stride = lanes,
                       .count = chunk.count,
                       .in_blocks = in_blocks_,
                       .out_blocks = out_blocks_,
                       .part_blocks = part_blocks()}
        .run();
  }

  template <class Finish>
  void transform_output(const Arguments& args, const Chunk& chunk, int64_t block, const Finish& finish) const {
    const int64_t height = sizes_.y.output, width = sizes_.x.output, stride = product_stride();
    const auto bias = load_lanes<Lanes>(reinterpret_cast<const float*>(args.packed) + packed_floats() + block * lanes);
    Position at = position(chunk.first);
    for (int64_t t = 0; t < chunk.count; ++t, advance(at)) {
      const int64_t y0 = at.row * r, x0 = at.column * r;
      const float* from = chunk.products + (block * chunk.count + t) * lanes;
      std::array<std::array<Lanes, r>, tile> wide;
      for (int64_t x = 0; x < tile; ++x) {
        std::array<Lanes, tile> m;
#pragma GCC unroll 8
        for (int64_t y = 0; y < tile; ++y) m[y] = load_lanes<Lanes>(from + (y * tile + x) * stride);
        Points::output(m, wide[x]);
      }
      float* plane = args.output.f32() + (at.image * out_blocks_ + block) * height * width * lanes;
      for (int64_t y = 0; y < std::min(r, height - y0); ++y) {
        std::array<Lanes, tile> line;
        std::array<Lanes, r> result;
#pragma GCC unroll 8
        for (int64_t x = 0; x < tile; ++x) line[x] = wide[x][y];
        Points::output(line, result);
        float* to = plane + ((y0 + y) * width + x0) * lanes;
        for (int64_t x = 0; x < std::min(r, width - x0); ++x, to += lanes)
          store_lanes(to, finish(result[x] + (args.accumulate ? load_lanes<Lanes>(to) : bias), to));
      }
    }
  }

  Conv2dSizes sizes_;
  LaneActivation activated_;
  int64_t in_blocks_, out_blocks_, rows_, columns_;
  int threads_;
  bool keeps_transforms_;
  int64_t shares_;  // of the tiles: one a thread, or one whose steps all threads share
  int64_t chunks_;  // of a share
  int64_t chunk_;   // tiles, of the largest
};

/// Of winograd_4x4: before oneDNN's Winograd where blocked_lanes_are_native().
int winograd_priority();

/// The variant, which also refuses what there is a reason against.
Variant also_refuses(Variant variant, std::optional<std::string> (*reason_against)(const Problem&));

/// Why a convolution is none that WinogradKernel computes with points for so many taps, or nothing.
std::optional<std::string> winograd_refuses(const Problem& problem, int64_t taps);

template <class Points>
std::unique_ptr<Kernel> winograd_kernel(const Problem& problem) {
  return with_blocked_lanes(
      [&](auto lanes) -> std::unique_ptr<Kernel> { return std::make_unique<WinogradKernel<Points, lanes>>(problem); });
}

/// The gradient is the forward pass on rotated filters.
template <class Points>
Variant winograd_variant(std::string name, Pass pass, int priority, double relative_error) {
  Variant variant{.name = std::move(name), .device = Device::cpu, .pass = Pass::forward, .priority = priority};
  variant.fuses_activation = true;
  variant.relative_error = relative_error;
  variant.exact_integers = false;
  variant.layouts = cpu_blocked_layouts;
  variant.refuses = [](const Problem& problem) { return winograd_refuses(problem, Points::taps); };
  variant.prepare = winograd_kernel<Points>;
  if (pass == Pass::forward) return variant;
  variant = rotated_variant(variant);
  variant.accumulates = variant.masks_gradient = true;
  return variant;
}

}  // namespace convlens
