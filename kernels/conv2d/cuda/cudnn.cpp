// cuDNN's convolutions, by the algorithm that its heuristics put first, to compare with: `cudnn` in f32, `cudnn_tf32`
// with tensor cores where it finds them better.

#include "kernels/base/cuda/cudnn.h"

#include <utility>

#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens {
namespace {

constexpr float one = 1, zero = 0;

/// A problem in cuDNN's words.
struct Description {
  Description(const Problem& problem, cudnnMathType_t math) {
    const Conv2dSizes s(problem);
    const auto i = [](int64_t value) { return static_cast<int>(value); };
    const auto set = [&](const CudnnTensor& tensor, int64_t n, int64_t c, int64_t h, int64_t w) {
      check(cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, i(n), i(c), i(h), i(w)));
    };
    set(x, s.batch, s.in_channels, s.y.input, s.x.input);
    set(y, s.batch, s.out_channels, s.y.output, s.x.output);
    set(bias, 1, s.out_channels, 1, 1);
    check(cudnnSetFilter4dDescriptor(w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, i(s.out_channels), i(s.group_in),
                                     i(s.y.kernel), i(s.x.kernel)));
    check(cudnnSetConvolution2dDescriptor(convolution, i(s.y.before), i(s.x.before), i(s.y.stride), i(s.x.stride),
                                          i(s.y.dilation), i(s.x.dilation), CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    check(cudnnSetConvolutionGroupCount(convolution, i(s.groups)));
    check(cudnnSetConvolutionMathType(convolution, math));
  }
  CudnnTensor x, y, bias;
  CudnnFilter w;
  CudnnConvolution convolution;
};

/// What the three passes share: a description, the algorithm, its workspace.
template <class Found>
class Convolution : public Kernel {
 public:
  Convolution(const Problem& problem, cudnnMathType_t math) : d_(problem, math) {}
  size_t workspace() const override { return found_.memory; }

 protected:
  // `ask`: cudnnGetConvolution..Algorithm_v7, with the descriptors in its order.
  template <class Ask, class... Descriptors>
  void choose(Ask ask, const Descriptors&... descriptors) {
    int count = 0;
    check(ask(cudnn_handle(), descriptors..., 1, &count, &found_));
    check(found_.status);
    check(cudnnSetConvolutionMathType(d_.convolution, found_.mathType));
  }

  Description d_;
  Found found_{};
};

class Forward final : public Convolution<cudnnConvolutionFwdAlgoPerf_t> {
 public:
  Forward(const Problem& problem, cudnnMathType_t math) : Convolution(problem, math) {
    choose(cudnnGetConvolutionForwardAlgorithm_v7, d_.x, d_.w, d_.convolution, d_.y);
  }
  void run(const Arguments& args) override {
    check(cudnnConvolutionForward(cudnn_handle(), &one, d_.x, args.inputs[0].data, d_.w, args.weights[0].data,
                                  d_.convolution, found_.algo, args.workspace, found_.memory, &zero, d_.y,
                                  args.output.data));
    if (args.weights.size() > 1)
      check(cudnnAddTensor(cudnn_handle(), &one, d_.bias, args.weights[1].data, &one, d_.y, args.output.data));
  }
};

class BackwardData final : public Convolution<cudnnConvolutionBwdDataAlgoPerf_t> {
 public:
  BackwardData(const Problem& problem, cudnnMathType_t math) : Convolution(problem, math) {
    choose(cudnnGetConvolutionBackwardDataAlgorithm_v7, d_.w, d_.y, d_.convolution, d_.x);
  }
  void run(const Arguments& args) override {
    check(cudnnConvolutionBackwardData(cudnn_handle(), &one, d_.w, args.weights[0].data, d_.y, args.grad_output.data,
                                       d_.convolution, found_.algo, args.workspace, found_.memory, &zero, d_.x,
                                       args.grad_inputs[0].data));
  }
};

class BackwardWeights final : public Convolution<cudnnConvolutionBwdFilterAlgoPerf_t> {
 public:
  BackwardWeights(const Problem& problem, cudnnMathType_t math) : Convolution(problem, math) {
    choose(cudnnGetConvolutionBackwardFilterAlgorithm_v7, d_.x, d_.y, d_.convolution, d_.w);
  }
  void run(const Arguments& args) override {
    check(cudnnConvolutionBackwardFilter(cudnn_handle(), &one, d_.x, args.inputs[0].data, d_.y, args.grad_output.data,
                                         d_.convolution, found_.algo, args.workspace, found_.memory, &zero, d_.w,
                                         args.grad_weights[0].data));
    if (args.grad_weights.size() > 1)
      check(cudnnConvolutionBackwardBias(cudnn_handle(), &one, d_.y, args.grad_output.data, &zero, d_.bias,
                                         args.grad_weights[1].data));
  }
};

// cuDNN pads both sides alike; what it would pad too much must not make the output larger.
bool pads_alike(const WindowAxis& a) {
  return (a.input + 2 * a.before - a.dilation * (a.kernel - 1) - 1) / a.stride + 1 == a.output;
}

std::optional<std::string> refuses(const Problem& problem) {
  const Conv2dSizes s(problem);
  if (!pads_alike(s.y) || !pads_alike(s.x)) return "needs the same padding on both sides";
  return std::nullopt;
}

struct Precision {
  std::string name;
  cudnnMathType_t math;
  double relative_error;  // of the worst algorithm that may be chosen
};
const Precision f32{"cudnn", CUDNN_FMA_MATH, 1e-4}, tf32{"cudnn_tf32", CUDNN_DEFAULT_MATH, 2e-3};

// Below ours in priority: taken only where it is named.
template <class K>
Variant variant(Pass pass, const Precision& precision) {
  return {.name = precision.name,
          .device = Device::cuda,
          .pass = pass,
          .priority = -1,
          .relative_error = precision.relative_error,
          .exact_integers = false,
          .layouts = in_nchw,
          .refuses = refuses,
          .prepare = [math = precision.math](const Problem& problem) { return std::make_unique<K>(problem, math); }};
}

const RegisterVariant registered[] = {{"conv2d", variant<Forward>(Pass::forward, f32)},
                                      {"conv2d", variant<BackwardData>(Pass::backward_data, f32)},
                                      {"conv2d", variant<BackwardWeights>(Pass::backward_weights, f32)},
                                      {"conv2d", variant<Forward>(Pass::forward, tf32)},
                                      {"conv2d", variant<BackwardData>(Pass::backward_data, tf32)},
                                      {"conv2d", variant<BackwardWeights>(Pass::backward_weights, tf32)}};

}  // namespace
}  // namespace convlens
