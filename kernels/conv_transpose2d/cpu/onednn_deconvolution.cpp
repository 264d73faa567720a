// oneDNN's deconvolution, which is its convolution's backward_data (and the other passes the convolution's) on the
// processor's blocked layout. Bias and activation are added by a loop of our own, as oneDNN's deconvolution cannot fuse
// the one and takes three times as long as the convolution itself for the other (2.6.3).

#include <algorithm>
#include <limits>

#include "kernels/base/aligned_size.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/lanes.h"
#include "kernels/base/cpu/onednn.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/conv_transpose2d/conv_transpose2d.h"

namespace convlens {
namespace {

using dnnl::memory;
using Forward = dnnl::deconvolution_forward;
using BackwardData = dnnl::deconvolution_backward_data;
using BackwardWeights = dnnl::deconvolution_backward_weights;

constexpr auto direct = dnnl::algorithm::deconvolution_direct;

/// The sizes and descriptions in oneDNN's terms, in which the filters come as O x I although they lie in memory as I x
/// O.
struct Geometry {
  explicit Geometry(const Problem& problem) : sizes(problem) {
    const ConvTranspose2dSizes& s = sizes;
    src = onednn_desc(problem.inputs[0]);
    dst = onednn_desc(problem.output);
    const bool grouped = s.groups > 1;
    const memory::dims whole{s.out_channels, s.in_channels, s.y.kernel, s.x.kernel};
    const memory::dims split{s.groups, s.group_out, s.group_in, s.y.kernel, s.x.kernel};
    plain_weights = {grouped ? split : whole, memory::data_type::f32,
                     grouped ? memory::format_tag::giohw : memory::format_tag::iohw};
    any_weights = {grouped ? split : whole, memory::data_type::f32, memory::format_tag::any};
    if (problem.weights.size() > 1) bias = onednn_desc(problem.weights[1]);
    strides = {s.y.stride, s.x.stride};
    dilates = {s.y.dilation - 1, s.x.dilation - 1};
    before = {s.y.before, s.x.before};
    after = {after_of(s.y), after_of(s.x)};
  }

  // Output padding takes from what the padding cuts off, and may make it negative.
  static int64_t after_of(const WindowAxis& a) {
    return (a.input - 1) * a.stride + a.dilation * (a.kernel - 1) + 1 - a.output - a.before;
  }

  ConvTranspose2dSizes sizes;
  memory::desc src, dst, plain_weights, any_weights, bias;
  memory::dims strides, dilates, before, after;
};

Forward::primitive_desc forward_desc(const Geometry& g) {
  return {
      {dnnl::prop_kind::forward_training, direct, g.src, g.any_weights, g.dst, g.strides, g.dilates, g.before, g.after},
      onednn_attributes(),
      onednn_engine(),
      true};
}

BackwardData::primitive_desc backward_data_desc(const Geometry& g) {
  const auto hint = forward_desc(g);
  if (!hint) return {};
  return {{direct, g.src, g.any_weights, g.dst, g.strides, g.dilates, g.before, g.after},
          onednn_attributes(),
          onednn_engine(),
          hint,
          true};
}

BackwardWeights::primitive_desc backward_weights_desc(const Geometry& g) {
  const auto hint = forward_desc(g);
  if (!hint) return {};
  return {{direct, g.src, g.any_weights, g.bias, g.dst, g.strides, g.dilates, g.before, g.after},
          onednn_attributes(),
          onednn_engine(),
          hint,
          true};
}

class PackedKernel : public Kernel {
 public:
  PackedKernel(Geometry geometry, memory::desc weights, memory::desc scratchpad)
      : g_(std::move(geometry)), weights_(std::move(weights)), scratchpad_(std::move(scratchpad)) {}
  size_t workspace() const override { return scratchpad_.get_size(); }
  size_t packed_bytes() const override { return weights_ == g_.plain_weights ? 0 : weights_.get_size(); }

  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    if (packed_bytes() == 0) return;
    memory from = onednn_memory(g_.plain_weights, weights[0].data), to = onednn_memory(weights_, packed);
    dnnl::reorder(from, to).execute(onednn_stream(), from, to);
    onednn_stream().wait();
  }

 protected:
  memory weights_memory(const Arguments& args) const {
    return onednn_memory(weights_, packed_bytes() ? static_cast<const void*>(args.packed) : args.weights[0].data);
  }
  memory scratchpad(const Arguments& args) const { return onednn_memory(scratchpad_, args.workspace); }

  Geometry g_;
  memory::desc weights_, scratchpad_;
};

// y = activation(y + bias) where it has just been written; without either there is nothing to do.
class Finish {
 public:
  explicit Finish(const Problem& problem)
      : strips_(problem.output), wanted_(problem.weights.size() > 1 || problem.activation) {
    if (!problem.activation) return;
    slope_ = static_cast<float>(problem.activation->negative_slope);
    max_ = static_cast<float>(problem.activation->max_value);
  }

  void run(const float* bias, float* y) const {
    if (!wanted_) return;
    const int64_t parts = (strips_[0].pixels + part_pixels - 1) / part_pixels;
    parallel_for(strips_.count() * parts, [&](int64_t k) {
      const ChannelStrip strip = strips_[k / parts].part(k % parts * part_pixels, part_pixels);
      float of_strip[ChannelStrip::max_width]{};
      if (bias) std::copy_n(bias + strip.channel, strip.channels, of_strip);
      for (int64_t i = 0; i < strip.width; i += lanes) finish_lanes(strip, of_strip + i, y + strip.offset + i);
    });
  }

 private:
  static constexpr int64_t lanes = 8, part_pixels = 2048;
  using Lanes = FloatLanes<lanes>;

  void finish_lanes(const ChannelStrip& strip, const float* bias, float* y) const {
    const Lanes b = load_lanes<Lanes>(bias);
    for (int64_t p = 0; p < strip.pixels; ++p) {
      const Lanes v = load_lanes<Lanes>(y + p * strip.step) + b;
      const Lanes sloped = v > 0.0F ? v : v * slope_;
      store_lanes(y + p * strip.step, sloped > max_ ? Lanes{} + max_ : sloped);
    }
  }

  ChannelStrips strips_;
  bool wanted_;
  float slope_ = 1, max_ = std::numeric_limits<float>::infinity();
};

class ForwardKernel final : public PackedKernel {
 public:
  explicit ForwardKernel(const Problem& problem) : ForwardKernel(Geometry(problem), Finish(problem)) {}
  void run(const Arguments& args) override {
    primitive_.execute(onednn_stream(), {{DNNL_ARG_SRC, onednn_memory(g_.src, args.inputs[0].data)},
                                         {DNNL_ARG_WEIGHTS, weights_memory(args)},
                                         {DNNL_ARG_DST, onednn_memory(g_.dst, args.output.data)},
                                         {DNNL_ARG_SCRATCHPAD, scratchpad(args)}});
    onednn_stream().wait();
    finish_.run(args.weights.size() > 1 ? args.weights[1].f32() : nullptr, args.output.f32());
  }

 private:
  ForwardKernel(const Geometry& g, const Finish& finish) : ForwardKernel(g, finish, forward_desc(g)) {}
  ForwardKernel(const Geometry& g, const Finish& finish, const Forward::primitive_desc& desc)
      : PackedKernel(g, desc.weights_desc(), desc.scratchpad_desc()), finish_(finish), primitive_(desc) {}
  Finish finish_;
  Forward primitive_;
};

class BackwardDataKernel final : public PackedKernel {
 public:
  explicit BackwardDataKernel(const Problem& problem) : BackwardDataKernel(Geometry(problem)) {}
  void run(const Arguments& args) override {
    primitive_.execute(onednn_stream(), {{DNNL_ARG_DIFF_DST, onednn_memory(g_.dst, args.grad_output.data)},
                                         {DNNL_ARG_WEIGHTS, weights_memory(args)},
                                         {DNNL_ARG_DIFF_SRC, onednn_memory(g_.src, args.grad_inputs[0].data)},
                                         {DNNL_ARG_SCRATCHPAD, scratchpad(args)}});
    onednn_stream().wait();
  }

 private:
  explicit BackwardDataKernel(const Geometry& g) : BackwardDataKernel(g, backward_data_desc(g)) {}
  BackwardDataKernel(const Geometry& g, const BackwardData::primitive_desc& desc)
      : PackedKernel(g, desc.weights_desc(), desc.scratchpad_desc()), primitive_(desc) {}
  BackwardData primitive_;
};

class BackwardWeightsKernel final : public Kernel {
 public:
  explicit BackwardWeightsKernel(const Problem& problem) : BackwardWeightsKernel(Geometry(problem)) {}
  // The scratchpad, and behind it the gradient in oneDNN's own order of weights.
  size_t workspace() const override { return scratchpad_bytes() + weights_.get_size(); }

  void run(const Arguments& args) override {
    memory ordered = onednn_memory(weights_, args.workspace + scratchpad_bytes());
    memory plain = onednn_memory(g_.plain_weights, args.grad_weights[0].data);
    void* bias = g_.bias.is_zero() ? nullptr : args.grad_weights[1].data;
    primitive_.execute(onednn_stream(), {{DNNL_ARG_SRC, onednn_memory(g_.src, args.inputs[0].data)},
                                         {DNNL_ARG_DIFF_DST, onednn_memory(g_.dst, args.grad_output.data)},
                                         {DNNL_ARG_DIFF_WEIGHTS, ordered},
                                         {DNNL_ARG_DIFF_BIAS, onednn_memory(g_.bias, bias)},
                                         {DNNL_ARG_SCRATCHPAD, onednn_memory(scratchpad_, args.workspace)}});
    dnnl::reorder(ordered, plain).execute(onednn_stream(), ordered, plain);
    onednn_stream().wait();
  }

 private:
  explicit BackwardWeightsKernel(const Geometry& g) : BackwardWeightsKernel(g, backward_weights_desc(g)) {}
  BackwardWeightsKernel(const Geometry& g, const BackwardWeights::primitive_desc& desc)
      : g_(g), weights_(desc.diff_weights_desc()), scratchpad_(desc.scratchpad_desc()), primitive_(desc) {}
  size_t scratchpad_bytes() const { return aligned_size(scratchpad_.get_size()); }

  Geometry g_;
  memory::desc weights_, scratchpad_;
  BackwardWeights primitive_;
};

IoLayout blocked_layouts(const Problem&) { return {cpu_blocked_layout(), cpu_blocked_layout()}; }

template <class PassKernel, auto describe>
Variant variant(Pass pass) {
  return {.name = "onednn_deconvolution",
          .device = Device::cpu,
          .pass = pass,
          .priority = 10,
          .fuses_activation = pass == Pass::forward,
          .layouts = blocked_layouts,
          .refuses = [](const Problem& problem) -> std::optional<std::string> {
            if (problem.output.layout != cpu_blocked_layout()) return "works in the processor's blocked layout alone";
            if (describe(Geometry(problem))) return std::nullopt;
            return "oneDNN has no such deconvolution for these sizes and layouts";
          },
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const std::string op = "conv_transpose2d";
const RegisterVariant forward(op, variant<ForwardKernel, forward_desc>(Pass::forward));
const RegisterVariant backward_data(op, variant<BackwardDataKernel, backward_data_desc>(Pass::backward_data));
const RegisterVariant backward_weights(op,
                                       variant<BackwardWeightsKernel, backward_weights_desc>(Pass::backward_weights));

}  // namespace
}  // namespace convlens
