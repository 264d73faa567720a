// The products of triangle.cu by cuBLAS, whole and in f32 without TF32, to compare with. cuBLAS counts in columns: the
// features, C x P for us, are P x C for it. dF = (dG + dG^T) F / divisor is two products, the second added to the
// first.

#include "kernels/base/cuda/cublas.h"

#include "kernels/base/cuda/layouts.h"
#include "kernels/base/gram_matrix.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

struct Sizes {
  explicit Sizes(const Problem& problem) {
    const Shape& shape = problem.inputs[0].shape;
    batch = static_cast<int>(shape.n());
    channels = static_cast<int>(shape.c());
    pixels = static_cast<int>(shape.h() * shape.w());
    scale = static_cast<float>(1 / gram_divisor(problem.params_as<GramParams>(), shape));
  }
  int64_t of_features() const { return int64_t{channels} * pixels; }
  int64_t of_gram() const { return int64_t{channels} * channels; }
  int batch, channels, pixels;
  float scale;
};

void forward(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  const float* f = args.inputs[0].f32();
  const float zero = 0;
  check(cublasSgemmStridedBatched(cublas_handle(), CUBLAS_OP_T, CUBLAS_OP_N, s.channels, s.channels, s.pixels, &s.scale,
                                  f, s.pixels, s.of_features(), f, s.pixels, s.of_features(), &zero, args.output.f32(),
                                  s.channels, s.of_gram(), s.batch));
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Sizes s(problem);
  const auto product = [&](cublasOperation_t of_gradient, float kept) {
    check(cublasSgemmStridedBatched(cublas_handle(), CUBLAS_OP_N, of_gradient, s.pixels, s.channels, s.channels,
                                    &s.scale, args.inputs[0].f32(), s.pixels, s.of_features(), args.grad_output.f32(),
                                    s.channels, s.of_gram(), &kept, args.grad_inputs[0].f32(), s.pixels,
                                    s.of_features(), s.batch));
  };
  product(CUBLAS_OP_N, 0);
  product(CUBLAS_OP_T, 1);
}

// Below ours in priority: taken only where it is named.
Variant variant(Pass pass, RunFunction run) {
  return {.name = "cublas",
          .device = Device::cuda,
          .pass = pass,
          .priority = -1,
          .layouts = in_nchw,
          .prepare = stateless(run)};
}

const RegisterVariant registered_forward("gram", variant(Pass::forward, forward));
const RegisterVariant registered_backward_data("gram", variant(Pass::backward_data, backward_data));

}  // namespace
}  // namespace convlens
