// y[n, o_i + c, h, w] = x_i[n, c, h, w], where o_i counts the channels of the inputs before x_i.
// Every element is copied once, so dL/dx_i[n, c, h, w] = dL/dy[n, o_i + c, h, w].

#include <algorithm>

#include "kernels/base/registry.h"
#include "kernels/concat/concat.h"

namespace convlens {
namespace {

// Calls body(input i, first element of x_i, first element in y, how many) for every image: its channels lie in one
// piece.
template <class Body>
void for_each_image(const Problem& problem, const Body& body) {
  const Shape& y = problem.output.shape;
  int64_t offset = 0;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const int64_t channels = problem.inputs[i].shape.c(), plane = y.h() * y.w();
    for (int64_t n = 0; n < y.n(); ++n) body(i, n * channels * plane, (n * y.c() + offset) * plane, channels * plane);
    offset += channels;
  }
}

void forward(const Problem& problem, const Arguments& args) {
  for_each_image(problem, [&](size_t i, int64_t part, int64_t whole, int64_t count) {
    std::copy_n(args.inputs[i].f64() + part, count, args.output.f64() + whole);
  });
}

void backward_data(const Problem& problem, const Arguments& args) {
  for_each_image(problem, [&](size_t i, int64_t part, int64_t whole, int64_t count) {
    if (args.grad_inputs[i]) std::copy_n(args.grad_output.f64() + whole, count, args.grad_inputs[i].f64() + part);
  });
}

const RegisterReference registered("concat", forward, backward_data);

}  // namespace
}  // namespace convlens
