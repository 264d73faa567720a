#pragma once

#include <cstdint>
#include <limits>

namespace simt {

constexpr int64_t every_block = std::numeric_limits<int64_t>::max();

/// As long as the object lives, a launch runs at most so many of its blocks, spread evenly from the first to the last:
/// for whoever counts what blocks do, and not for results.
class WithSample {
 public:
  explicit WithSample(int64_t blocks);
  ~WithSample();
  WithSample(const WithSample&) = delete;
  WithSample& operator=(const WithSample&) = delete;

 private:
  int64_t before_;
};

/// The number of the i-th block that is run, if `run` of `blocks` are.
int64_t sampled_block(int64_t i, int64_t run, int64_t blocks);

}  // namespace simt
