#pragma once

#include "kernels/base/cuda/gram_tile.h"
#include "kernels/base/cuda/layouts.h"

namespace convlens {

inline GramSizes gram_sizes(const Problem& problem) { return GramSizes(problem.inputs[0].shape); }

/// 1 / divisor.
float gram_scale(const Problem& problem);

/// G from sums of F F^T over parts of the pixels, which `sum` makes.
void run_gram_forward(const Problem& problem, const Arguments& args, SumGramParts sum);

/// The variant that makes them so.
template <SumGramParts sum>
Variant gram_forward(std::string name) {
  return {
      .name = std::move(name),
      .device = simt::device,
      .pass = Pass::forward,
      .priority = 1,
      .layouts = in_nchw,
      .prepare = stateless([](const Problem& problem, const Arguments& args) { run_gram_forward(problem, args, sum); },
                           [](const Problem& problem) { return gram_parts_bytes(gram_sizes(problem)); })};
}

}  // namespace convlens
