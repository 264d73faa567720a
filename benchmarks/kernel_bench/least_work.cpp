#include "benchmarks/kernel_bench/least_work.h"

#include "kernels/base/registry.h"

namespace convlens::bench {
namespace {

double bytes_of_each(const std::vector<TensorDesc>& tensors) {
  double bytes = 0;
  for (const TensorDesc& t : tensors) bytes += static_cast<double>(t.shape.elements()) * 4;
  return bytes;
}

double fewest_bytes(const BenchProblem& origin, Pass pass) {
  const Problem p = origin.problem(DataType::f32, Layout::nchw);
  const double inputs = bytes_of_each(p.inputs), weights = bytes_of_each(p.weights), output = bytes_of_each({p.output});
  const Saved saved = operator_by_name(origin.c.op).saved(p, pass);
  if (pass == Pass::backward_data)
    return output + weights + inputs + (saved.inputs ? inputs : 0) + (saved.output ? output : 0) +
           static_cast<double>(saved.bytes);
  return inputs + weights + output;
}

}  // namespace

LeastWork least_work(const BenchProblem& problem, Pass pass) {
  return {.flops = operator_by_name(problem.c.op).flops(problem.problem(DataType::f32, Layout::nchw)),
          .bytes = fewest_bytes(problem, pass)};
}

}  // namespace convlens::bench
