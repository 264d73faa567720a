// A batch: oneDNN's matrix product, on the weights as they lie in the model (a copy in oneDNN's own order would double
// the largest tensors that networks have).

#include "kernels/base/cpu/onednn_matmul.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/registry.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

struct Matrices {
  explicit Matrices(const Problem& problem) : s(problem) {
    x = onednn_matrix({s.batch, s.in_features}, {s.input_step, 1});
    y = onednn_matrix({s.batch, s.out_features}, {s.output_step, 1});
    y_transposed = onednn_matrix({s.out_features, s.batch}, {1, s.output_step});
    w = onednn_matrix({s.out_features, s.in_features}, {s.in_features, 1});
    w_transposed = onednn_matrix({s.in_features, s.out_features}, {1, s.in_features});
  }
  LinearSizes s;
  dnnl::memory::desc x, y, y_transposed, w, w_transposed;
};

Matmul::Options forward_options(const Problem& problem) {
  Matmul::Options options;
  if (problem.weights.size() > 1)
    options.bias = onednn_matrix({1, problem.output.shape.c()}, {problem.output.shape.c(), 1});
  if (problem.activation && std::isfinite(problem.activation->max_value))
    options.operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, 0.0F,
                                      static_cast<float>(problem.activation->max_value));
  else if (problem.activation)
    options.operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu,
                                      static_cast<float>(problem.activation->negative_slope), 0.0F);
  return options;
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem) : Forward(Matrices(problem), forward_options(problem)) {}
  size_t workspace() const override { return product_.workspace(); }
  void run(const Arguments& args) override {
    const void* bias = args.weights.size() > 1 ? args.weights[1].data : nullptr;
    product_.run(args.inputs[0].data, args.weights[0].data, bias, args.output.data, args.workspace);
    zero_padding_channels(args.output);
  }

 private:
  Forward(const Matrices& m, const Matmul::Options& options) : product_(m.x, m.w_transposed, m.y, options) {}
  Matmul product_;
};

class BackwardData final : public Kernel {
 public:
  explicit BackwardData(const Problem& problem) : BackwardData(Matrices(problem)) {}
  size_t workspace() const override { return product_.workspace(); }
  void run(const Arguments& args) override {
    product_.run(args.grad_output.data, args.weights[0].data, nullptr, args.grad_inputs[0].data, args.workspace);
    zero_padding_channels(args.grad_inputs[0]);
  }

 private:
  explicit BackwardData(const Matrices& m) : product_(m.y, m.w, m.x) {}
  Matmul product_;
};

class BackwardWeights final : public Kernel {
 public:
  explicit BackwardWeights(const Problem& problem) : BackwardWeights(Matrices(problem)) {}
  size_t workspace() const override { return product_.workspace(); }
  void run(const Arguments& args) override {
    product_.run(args.grad_output.data, args.inputs[0].data, nullptr, args.grad_weights[0].data, args.workspace);
    if (args.grad_weights.size() > 1) sum_images(args.grad_output.f32(), args.grad_weights[1].f32());
  }

 private:
  explicit BackwardWeights(const Matrices& m) : sizes_(m.s), product_(m.y_transposed, m.x, m.w) {}
  void sum_images(const float* grad_y, float* grad_b) const {
    std::copy_n(grad_y, sizes_.out_features, grad_b);
    for (int64_t n = 1; n < sizes_.batch; ++n)
      for (int64_t o = 0; o < sizes_.out_features; ++o) grad_b[o] += grad_y[n * sizes_.output_step + o];
  }
  LinearSizes sizes_;
  Matmul product_;
};

template <class PassKernel>
Variant variant(Pass pass) {
  return {.name = "onednn_matmul",
          .device = Device::cpu,
          .pass = pass,
          .priority = 10,
          .fuses_activation = pass == Pass::forward,
          .layouts = linear_layouts,
          .refuses = refuses_linear_order,
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const RegisterVariant forward("linear", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("linear", variant<BackwardData>(Pass::backward_data));
const RegisterVariant backward_weights("linear", variant<BackwardWeights>(Pass::backward_weights));

}  // namespace
}  // namespace convlens
