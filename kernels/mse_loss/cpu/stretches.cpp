// The order of elements does not matter to a sum: the target is packed once into the layout of the features, and one
// vectorised loop over memory serves all layouts. Padding channels are zero in both and give nothing.

#include "kernels/base/cpu/image_sums.h"
#include "kernels/base/device_api.h"
#include "kernels/base/registry.h"
#include "kernels/mse_loss/mse_loss.h"

namespace convlens {
namespace {

class MseLossKernel : public Kernel {
 public:
  explicit MseLossKernel(const Problem& problem)
      : x_(problem.inputs[0]), image_{{1, x_.shape.c(), x_.shape.h(), x_.shape.w()}, x_.type, x_.layout} {}
  size_t packed_bytes() const override { return image_.bytes(); }
  void pack(std::span<const TensorView> weights, std::byte* packed) override {
    const TensorView plain{{image_.shape, image_.type, Layout::nchw}, weights[0].data};
    device_api(Device::cpu).reorder(plain, {image_, packed});
  }

 protected:
  // x[n, i] - t[i], of elements in the order of memory.
  auto difference(const Arguments& args) const {
    return [x = args.inputs[0].f32(), target = reinterpret_cast<const float*>(args.packed),
            elements = image_.elements()](int64_t n, int64_t i) { return x[n * elements + i] - target[i]; };
  }
  TensorDesc x_, image_;
};

class Forward final : public MseLossKernel {
 public:
  explicit Forward(const Problem& problem)
      : MseLossKernel(problem), factor_(mse_loss_factor(problem)), workspace_(image_sums_workspace(problem)) {}
  size_t workspace() const override { return workspace_; }
  void run(const Arguments& args) override {
    const auto square = [difference = difference(args)](int64_t n, int64_t i) {
      const double d = difference(n, i);
      return d * d;
    };
    image_sums(x_, square, factor_, args.workspace, args.output.f32());
  }

 private:
  double factor_;
  size_t workspace_;
};

class BackwardData final : public MseLossKernel {
 public:
  explicit BackwardData(const Problem& problem)
      : MseLossKernel(problem), factor_(static_cast<float>(2 * mse_loss_factor(problem))) {}
  void run(const Arguments& args) override {
    const auto gradient = [this, difference = difference(args), grad_y = args.grad_output.f32()](int64_t n, int64_t i) {
      return factor_ * grad_y[n] * difference(n, i);
    };
    image_gradients(args.grad_inputs[0], gradient, args.accumulate);
  }

 private:
  float factor_;
};

template <class PassKernel>
Variant variant(Pass pass) {
  return {.name = "stretches",
          .device = Device::cpu,
          .pass = pass,
          .accumulates = pass == Pass::backward_data,
          .layouts = image_sums_layouts,
          .prepare = [](const Problem& problem) { return std::make_unique<PassKernel>(problem); }};
}

const RegisterVariant forward("mse_loss", variant<Forward>(Pass::forward));
const RegisterVariant backward_data("mse_loss", variant<BackwardData>(Pass::backward_data));

}  // namespace
}  // namespace convlens
