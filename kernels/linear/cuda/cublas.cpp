// The products of register_tile.cu by cuBLAS, in f32 without TF32, to compare with. cuBLAS counts in columns: what is N
// x K for us is K x N for it. A bias is added as b 1^T, and its gradient is dy 1, the ones one for each image.

#include "kernels/base/cuda/cublas.h"

#include "kernels/base/cuda/layouts.h"
#include "kernels/base/device_api.h"
#include "kernels/base/registry.h"
#include "kernels/linear/linear.h"

namespace convlens {
namespace {

constexpr float one = 1, zero = 0;

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const LinearSizes s(problem);
    batch = static_cast<int>(s.batch);
    in_features = static_cast<int>(s.in_features);
    out_features = static_cast<int>(s.out_features);
    input_step = static_cast<int>(s.input_step);
    output_step = static_cast<int>(s.output_step);
  }
  int batch, in_features, out_features, input_step, output_step;
};

DeviceBuffer ones(int64_t count) {
  const std::vector<float> values(static_cast<size_t>(count), 1.0F);
  const TensorDesc desc{{count}, DataType::f32, Layout::nchw};
  DeviceApi& device = device_api(Device::cuda);
  DeviceBuffer memory = device.allocate(desc.bytes());
  device.upload({desc, const_cast<float*>(values.data())}, {desc, memory.get()});
  return memory;
}

class Forward final : public Kernel {
 public:
  explicit Forward(const Problem& problem) : s_(problem), ones_(ones(s_.batch)) {}

  void run(const Arguments& args) override {
    check(cublasSgemm(cublas_handle(), CUBLAS_OP_T, CUBLAS_OP_N, s_.out_features, s_.batch, s_.in_features, &one,
                      args.weights[0].f32(), s_.in_features, args.inputs[0].f32(), s_.input_step, &zero,
                      args.output.f32(), s_.output_step));
    if (args.weights.size() < 2) return;
    check(cublasSger(cublas_handle(), s_.out_features, s_.batch, &one, args.weights[1].f32(), 1,
                     reinterpret_cast<const float*>(ones_.get()), 1, args.output.f32(), s_.output_step));
  }

 private:
  Sizes s_;
  DeviceBuffer ones_;
};

void backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  check(cublasSgemm(cublas_handle(), CUBLAS_OP_N, CUBLAS_OP_N, s.in_features, s.batch, s.out_features, &one,
                    args.weights[0].f32(), s.in_features, args.grad_output.f32(), s.output_step, &zero,
                    args.grad_inputs[0].f32(), s.input_step));
}

class BackwardWeights final : public Kernel {
 public:
  explicit BackwardWeights(const Problem& problem) : s_(problem), ones_(ones(s_.batch)) {}

  void run(const Arguments& args) override {
    check(cublasSgemm(cublas_handle(), CUBLAS_OP_N, CUBLAS_OP_T, s_.in_features, s_.out_features, s_.batch, &one,
                      args.inputs[0].f32(), s_.input_step, args.grad_output.f32(), s_.output_step, &zero,
                      args.grad_weights[0].f32(), s_.in_features));
    if (args.grad_weights.size() < 2) return;
    check(cublasSgemv(cublas_handle(), CUBLAS_OP_N, s_.out_features, s_.batch, &one, args.grad_output.f32(),
                      s_.output_step, reinterpret_cast<const float*>(ones_.get()), 1, &zero, args.grad_weights[1].f32(),
                      1));
  }

 private:
  Sizes s_;
  DeviceBuffer ones_;
};

template <class K>
std::unique_ptr<Kernel> prepare(const Problem& problem) {
  return std::make_unique<K>(problem);
}

// Below ours in priority: taken only where it is named.
Variant variant(Pass pass, std::function<std::unique_ptr<Kernel>(const Problem&)> prepare) {
  return {.name = "cublas",
          .device = Device::cuda,
          .pass = pass,
          .priority = -1,
          .relative_error = 1e-5,
          .layouts = in_nchw,
          .prepare = std::move(prepare)};
}

const RegisterVariant registered_forward("linear", variant(Pass::forward, prepare<Forward>));
const RegisterVariant registered_backward_data("linear", variant(Pass::backward_data, stateless(backward_data)));
const RegisterVariant registered_backward_weights("linear", variant(Pass::backward_weights, prepare<BackwardWeights>));

}  // namespace
}  // namespace convlens
