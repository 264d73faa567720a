// Each input's channels of one image lie in one piece, in it and in the output: a copy, a thread an element, once over
// memory.

#include "kernels/base/cuda/blocks.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/base/registry.h"

namespace convlens {
namespace {

// Copies pieces of `piece` elements that lie `from_step` and `to_step` apart.
__global__ void __launch_bounds__(element_threads)
    copy_pieces(const float* __restrict__ from, float* __restrict__ to, int64_t piece, int64_t from_step,
                int64_t to_step, int64_t count) {
  const int64_t i = element_index();
  if (i >= count) return;
  const int64_t image = i / piece, within = i % piece;
  to[image * to_step + within] = from[image * from_step + within];
}

// Calls body(input, elements of its piece, where the piece begins in the output's image).
template <class Body>
void for_each_input(const Problem& problem, const Body& body) {
  const Shape& y = problem.output.shape;
  int64_t offset = 0;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const int64_t piece = problem.inputs[i].shape.c() * y.h() * y.w();
    body(i, piece, offset);
    offset += piece;
  }
}

int64_t image_of(const Problem& problem) {
  const Shape& y = problem.output.shape;
  return y.c() * y.h() * y.w();
}

void run_forward(const Problem& problem, const Arguments& args) {
  for_each_input(problem, [&](size_t i, int64_t piece, int64_t offset) {
    const int64_t count = problem.inputs[i].elements();
    simt::launch(one_thread_each(count), copy_pieces, args.inputs[i].f32(), args.output.f32() + offset, piece, piece,
                 image_of(problem), count);
  });
}

void run_backward_data(const Problem& problem, const Arguments& args) {
  for_each_input(problem, [&](size_t i, int64_t piece, int64_t offset) {
    if (!args.grad_inputs[i]) return;
    const int64_t count = problem.inputs[i].elements();
    simt::launch(one_thread_each(count), copy_pieces, args.grad_output.f32() + offset, args.grad_inputs[i].f32(), piece,
                 image_of(problem), piece, count);
  });
}

Variant variant(Pass pass, RunFunction run) {
  return {.name = "pieces", .device = simt::device, .pass = pass, .layouts = in_nchw, .prepare = stateless(run)};
}

const RegisterVariant registered_forward("concat", variant(Pass::forward, run_forward));
const RegisterVariant registered_backward_data("concat", variant(Pass::backward_data, run_backward_data));

}  // namespace
}  // namespace convlens
