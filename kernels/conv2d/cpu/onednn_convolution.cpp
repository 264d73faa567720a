#include "kernels/conv2d/cpu/onednn_convolution.h"

#include <array>
#include <cmath>

#include "kernels/base/aligned_size.h"
#include "kernels/base/cpu/bfloat16.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

using dnnl::memory;

using Type = memory::data_type;

/// The sizes and descriptions in oneDNN's terms: `factors` is the type of what is multiplied, weights and the tensor
/// that the pass reads.
struct Geometry {
  Geometry(const Problem& problem, Pass pass, Type factors) : sizes(problem) {
    const Conv2dSizes& s = sizes;
    src = onednn_desc(problem.inputs[0], pass == Pass::forward ? factors : Type::f32);
    dst = onednn_desc(problem.output, pass == Pass::backward_data ? factors : Type::f32);
    const bool grouped = s.groups > 1;
    const memory::dims plain{s.out_channels, s.group_in, s.y.kernel, s.x.kernel};
    const memory::dims split{s.groups, s.group_out, s.group_in, s.y.kernel, s.x.kernel};
    plain_weights = {grouped ? split : plain, Type::f32,
                     grouped ? memory::format_tag::goihw : memory::format_tag::oihw};
    any_weights = {grouped ? split : plain, factors, memory::format_tag::any};
    if (problem.weights.size() > 1) bias = onednn_desc(problem.weights[1]);
    strides = {s.y.stride, s.x.stride};
    dilates = {s.y.dilation - 1, s.x.dilation - 1};
    before = {s.y.before, s.x.before};
    // What the last window really reads; floor division may leave input rows unused, which is a negative padding.
    after = {needed_after(s.y), needed_after(s.x)};
  }

  static int64_t needed_after(const WindowAxis& a) {
    return (a.output - 1) * a.stride + a.dilation * (a.kernel - 1) + 1 - a.input - a.before;
  }

  Conv2dSizes sizes;
  memory::desc src, dst, plain_weights, any_weights, bias;
  memory::dims strides, dilates, before, after;
};

dnnl::primitive_attr attributes_of(const Problem& problem) {
  dnnl::primitive_attr attributes = onednn_attributes();
  if (problem.activation) {
    dnnl::post_ops operations;
    const auto& a = *problem.activation;
    if (std::isfinite(a.max_value))
      operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, 0.0F, static_cast<float>(a.max_value));
    else
      operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, static_cast<float>(a.negative_slope), 0.0F);
    attributes.set_post_ops(operations);
  }
  return attributes;
}

dnnl::convolution_forward::primitive_desc forward_desc(const Problem& problem, const Geometry& g,
                                                       dnnl::algorithm algorithm) {
  return {{dnnl::prop_kind::forward_inference, algorithm, g.src, g.any_weights, g.bias, g.dst, g.strides, g.dilates,
           g.before, g.after},
          attributes_of(problem),
          onednn_engine(),
          true};
}

// The backward passes must name a forward pass; what matters are its sizes, and types for which there is one.
dnnl::convolution_forward::primitive_desc hint(const Geometry& g, dnnl::algorithm algorithm) {
  const auto any = [type = g.any_weights.data_type()](const memory::desc& d) {
    return memory::desc(d.dims(), type, memory::format_tag::any);
  };
  return {{dnnl::prop_kind::forward_training, algorithm, any(g.src), g.any_weights, any(g.dst), g.strides, g.dilates,
           g.before, g.after},
          onednn_engine(),
          true};
}

/// The tensor that a pass reads, as it is or rounded to bfloat16 into the workspace.
class Factor {
 public:
  explicit Factor(memory::desc read) : read_(std::move(read)) {}
  size_t bytes() const { return read_.data_type() == Type::f32 ? 0 : aligned_size(read_.get_size()); }

  memory operator()(const Arguments& args, const TensorView& view) const {
    if (bytes() == 0) return onednn_memory(read_, view.data);
    auto* const rounded = reinterpret_cast<uint16_t*>(args.workspace);
    round_to_bfloat16(view.f32(), rounded, static_cast<int64_t>(read_.get_size() / sizeof(uint16_t)));
    return onednn_memory(read_, rounded);
  }

 private:
  memory::desc read_;
};

class OneDnnKernel : public Kernel {
 public:
  OneDnnKernel(Geometry geometry, memory::desc read) : g_(std::move(geometry)), factor_(std::move(read)) {}
  size_t workspace() const override { return factor_.bytes() + scratchpad_.get_size(); }
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
  memory scratchpad(const Arguments& args) const {
    return onednn_memory(scratchpad_, args.workspace + factor_.bytes());
  }

  Geometry g_;
  Factor factor_;
  memory::desc weights_, scratchpad_;
};

class Forward final : public OneDnnKernel {
 public:
  Forward(const Problem& problem, dnnl::algorithm algorithm, const Geometry& geometry)
      : OneDnnKernel(geometry, geometry.src) {
    const auto desc = forward_desc(problem, g_, algorithm);
    weights_ = desc.weights_desc();
    scratchpad_ = desc.scratchpad_desc();
    primitive_ = dnnl::convolution_forward(desc);
  }
  void run(const Arguments& args) override {
    primitive_.execute(onednn_stream(),
                       {{DNNL_ARG_SRC, factor_(args, args.inputs[0])},
                        {DNNL_ARG_WEIGHTS, weights_memory(args)},
                        {DNNL_ARG_BIAS, onednn_memory(g_.bias, g_.bias.is_zero() ? nullptr : args.weights[1].data)},
                        {DNNL_ARG_DST, onednn_memory(g_.dst, args.output.data)},
                        {DNNL_ARG_SCRATCHPAD, scratchpad(args)}});
    onednn_stream().wait();
  }

 private:
  dnnl::convolution_forward primitive_;
};

dnnl::convolution_backward_data::primitive_desc backward_data_desc(const Geometry& g, dnnl::algorithm algorithm) {
  const auto forward = hint(g, algorithm);
  if (!forward) return {};
  return {{algorithm, g.src, g.any_weights, g.dst, g.strides, g.dilates, g.before, g.after},
          onednn_attributes(),
          onednn_engine(),
          forward,
          true};
}

class BackwardData final : public OneDnnKernel {
 public:
  BackwardData(dnnl::algorithm algorithm, const Geometry& geometry) : OneDnnKernel(geometry, geometry.dst) {
    const auto desc = backward_data_desc(g_, algorithm);
    weights_ = desc.weights_desc();
    scratchpad_ = desc.scratchpad_desc();
    primitive_ = dnnl::convolution_backward_data(desc);
  }
  void run(const Arguments& args) override {
    primitive_.execute(onednn_stream(), {{DNNL_ARG_DIFF_DST, factor_(args, args.grad_output)},
                                         {DNNL_ARG_WEIGHTS, weights_memory(args)},
                                         {DNNL_ARG_DIFF_SRC, onednn_memory(g_.src, args.grad_inputs[0].data)},
                                         {DNNL_ARG_SCRATCHPAD, scratchpad(args)}});
    onednn_stream().wait();
  }

 private:
  dnnl::convolution_backward_data primitive_;
};

dnnl::convolution_backward_weights::primitive_desc backward_weights_desc(const Geometry& g, dnnl::algorithm algorithm) {
  const auto forward = hint(g, algorithm);
  if (!forward) return {};
  return {{algorithm, g.src, g.any_weights, g.bias, g.dst, g.strides, g.dilates, g.before, g.after},
          onednn_attributes(),
          onednn_engine(),
          forward,
          true};
}

class BackwardWeights final : public Kernel {
 public:
  BackwardWeights(dnnl::algorithm algorithm, Geometry geometry) : g_(std::move(geometry)) {
    const auto desc = backward_weights_desc(g_, algorithm);
    scratchpad_ = desc.scratchpad_desc();
    weights_ = desc.diff_weights_desc();
    primitive_ = dnnl::convolution_backward_weights(desc);
  }
  // The scratchpad, and behind it the gradient in oneDNN's own order of weights.
  size_t workspace() const override { return scratchpad_bytes() + weights_.get_size(); }

  void run(const Arguments& args) override {
    memory ordered = onednn_memory(weights_, args.workspace + scratchpad_bytes());
    memory plain = onednn_memory(g_.plain_weights, args.grad_weights[0].data);
    primitive_.execute(
        onednn_stream(),
        {{DNNL_ARG_SRC, onednn_memory(g_.src, args.inputs[0].data)},
         {DNNL_ARG_DIFF_DST, onednn_memory(g_.dst, args.grad_output.data)},
         {DNNL_ARG_DIFF_WEIGHTS, ordered},
         {DNNL_ARG_DIFF_BIAS, onednn_memory(g_.bias, g_.bias.is_zero() ? nullptr : args.grad_weights[1].data)},
         {DNNL_ARG_SCRATCHPAD, onednn_memory(scratchpad_, args.workspace)}});
    dnnl::reorder(ordered, plain).execute(onednn_stream(), ordered, plain);
    onednn_stream().wait();
  }

 private:
  size_t scratchpad_bytes() const { return aligned_size(scratchpad_.get_size()); }

  Geometry g_;
  memory::desc weights_, scratchpad_;
  dnnl::convolution_backward_weights primitive_;
};

IoLayout blocked_layouts(const Problem& problem) {
  const Layout blocked = cpu_blocked_layout();
  return {problem.inputs[0].shape.c() <= 4 ? Layout::nchw : blocked, blocked};
}

}  // namespace

std::string onednn_implementation(const Problem& problem, dnnl::algorithm algorithm, Pass pass, Type factors) {
  const Geometry g(problem, pass, factors);
  const auto name = [](const auto& desc) { return desc ? std::string(desc.impl_info_str()) : ""; };
  switch (pass) {
    case Pass::forward: return name(forward_desc(problem, g, algorithm));
    case Pass::backward_data: return name(backward_data_desc(g, algorithm));
    case Pass::backward_weights: return name(backward_weights_desc(g, algorithm));
  }
  return "";
}

Variant onednn_convolution(std::string name, dnnl::algorithm algorithm, Pass pass, int priority, Type factors) {
  return {.name = std::move(name),
          .device = Device::cpu,
          .pass = pass,
          .priority = priority,
          .fuses_activation = pass == Pass::forward,
          .layouts = blocked_layouts,
          .refuses = [=](const Problem& problem) -> std::optional<std::string> {
            const std::string implementation = onednn_implementation(problem, algorithm, pass, factors);
            if (implementation.empty()) return "oneDNN has no such convolution for these sizes and layouts";
            if (implementation.starts_with("ref"))
              return "oneDNN has only its slow reference loops for these sizes and layouts";
            return std::nullopt;
          },
          .prepare = [=](const Problem& problem) -> std::unique_ptr<Kernel> {
            const Geometry geometry(problem, pass, factors);
            switch (pass) {
              case Pass::forward: return std::make_unique<Forward>(problem, algorithm, geometry);
              case Pass::backward_data: return std::make_unique<BackwardData>(algorithm, geometry);
              case Pass::backward_weights: return std::make_unique<BackwardWeights>(algorithm, geometry);
            }
            return nullptr;
          }};
}

}  // namespace convlens
