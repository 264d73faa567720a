#pragma once

#include "kernels/base/cuda/gram_tile.h"
#include "kernels/base/cuda/layouts.h"
#include "kernels/gram_loss/gram_loss.h"

namespace convlens {

inline GramSizes gram_loss_sizes(const Problem& problem) { return GramSizes(problem.inputs[0].shape); }

size_t gram_loss_workspace(const Problem& problem);

/// The loss, and what its backward pass needs, from sums of F F^T over parts of the pixels, which `sum` makes.
void run_gram_loss_forward(const Problem& problem, const Arguments& args, SumGramParts sum);

/// The variant that makes them so.
template <SumGramParts sum>
Variant gram_loss_forward(std::string name) {
  return {.name = std::move(name),
          .device = simt::device,
          .pass = Pass::forward,
          .priority = 1,
          .layouts = in_nchw,
          .prepare = stateless(
              [](const Problem& problem, const Arguments& args) { run_gram_loss_forward(problem, args, sum); },
              gram_loss_workspace)};
}

}  // namespace convlens
