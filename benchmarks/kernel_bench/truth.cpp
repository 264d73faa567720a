#include "benchmarks/kernel_bench/truth.h"

#include <algorithm>
#include <cmath>

namespace convlens::bench {

double relative_error(const std::vector<Array>& found, const std::vector<Array>& truth) {
  double worst = 0;
  for (size_t k = 0; k < truth.size(); ++k) {
    double scale = 0, error = 0;
    for (size_t i = 0; i < truth[k].values.size(); ++i) {
      const double difference = std::abs(static_cast<double>(found[k].values[i]) - truth[k].values[i]);
      scale = std::max(scale, std::abs(static_cast<double>(truth[k].values[i])));
      if (!(difference <= error)) error = difference;
    }
    if (const double relative = scale > 0 ? error / scale : error; !(relative <= worst)) worst = relative;
  }
  return worst;
}

std::vector<Array> reference_results(const BenchProblem& origin, Pass pass, const HostValues& values) {
  Problem problem = origin.problem(DataType::f64, Layout::nchw);
  if (pass != Pass::forward) problem.activation.reset();
  KernelTrial loops(origin.op(), *variants(origin.c.op, pass, Device::reference).at(0), problem, values);
  loops.run();
  return loops.results();
}

}  // namespace convlens::bench
