// Two matrix products by oneDNN: F F^T, and (dL/dG + dL/dG^T) F. F lies in memory as a matrix in NCHW, and as its
// transpose in NHWC.

#include "kernels/base/cpu/onednn_matmul.h"

#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/gram/gram.h"

namespace convlens {
namespace {

struct Matrices {
  explicit Matrices(const Problem& problem)
      : batch(problem.inputs[0].shape.n()),
        channels(problem.inputs[0].shape.c()),
        pixels(problem.inputs[0].shape.h() * problem.inputs[0].shape.w()) {
    const bool nhwc = problem.inputs[0].layout == Layout::nhwc;
    const int64_t channel_step = nhwc ? 1 : pixels, pixel_step = nhwc ? channels : 1, image = channels * pixels;
    features = onednn_matrix({batch, channels, pixels}, {image, channel_step, pixel_step});
    transposed = onednn_matrix({batch, pixels, channels}, {image, pixel_step, channel_step});
    square = onednn_matrix({batch, channels, channels}, {channels * channels, channels, 1});
  }
  int64_t batch, channels, pixels;
  dnnl::memory::desc features, transposed, square;
};

Matmul::Options divided(const Problem& problem) {
  return {.factor = static_cast<float>(1 / gram_divisor(problem.params_as<GramParams>(), problem.inputs[0].shape))};
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem) : Forward(Matrices(problem), divided(problem)) {}
  size_t workspace() const override { return product_.workspace(); }
  void run(const Arguments& args) override {
    product_.run(args.inputs[0].data, args.inputs[0].data, nullptr, args.output.data, args.workspace);
  }

 private:
  Forward(const Matrices& m, const Matmul::Options& options) : product_(m.features, m.transposed, m.square, options) {}
  Matmul product_;
};

class BackwardData final : public Kernel {
 public:
  explicit BackwardData(const Problem& problem) : BackwardData(Matrices(problem), divided(problem)) {}
  // The symmetric sum, and behind it the product's own scratch.
  size_t workspace() const override { return sum_bytes() + product_.workspace(); }
  void run(const Arguments& args) override {
    float* sum = reinterpret_cast<float*>(args.workspace);
    add_transpose(args.grad_output.f32(), sum);
    product_.run(sum, args.inputs[0].data, nullptr, args.grad_inputs[0].data, args.workspace + sum_bytes());
  }

 private:
  BackwardData(const Matrices& m, const Matmul::Options& options)
      : m_(m), product_(m.square, m.features, m.features, options) {}
  size_t sum_bytes() const { return (m_.square.get_size() + 63) / 64 * 64; }

  void add_transpose(const float* grad, float* sum) const {
    const int64_t channels = m_.channels;
    parallel_for(m_.batch * channels, [=](int64_t row) {
      const float* image = grad + row / channels * channels * channels;
      const int64_t a = row % channels;
      for (int64_t b = 0; b < channels; ++b)
        sum[row * channels + b] = image[a * channels + b] + image[b * channels + a];
    });
  }

  Matrices m_;
  Matmul product_;
};

IoLayout matrix_layouts(const Problem& problem) {
  return {problem.inputs[0].layout == Layout::nhwc ? Layout::nhwc : Layout::nchw, Layout::nchw};
}

std::optional<std::string> refuses(const Problem& problem) {
  const Layout input = problem.inputs[0].layout, output = problem.output.layout;
  if (input != Layout::nchw && input != Layout::nhwc) return "needs the features in nchw or nhwc";
  if (output != Layout::nchw && output != Layout::nhwc) return "gives the matrix in nchw or nhwc";
  return std::nullopt;
}

template <class PassKernel>
Variant variant(Pass pass) {
  return {.name = "onednn_matmul",
          .device = Device::cpu,
          .pass = pass,
          .layouts = matrix_layouts,
          .refuses = refuses,
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const RegisterVariant forward("gram", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("gram", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
