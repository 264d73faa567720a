#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "tests/kernels/host_tensor.h"

namespace convlens::test {

inline double max_abs(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Element by element, within `tolerance` of the largest that is expected; f64 in NCHW is what is expected.
inline void expect_close(const HostTensor& found, const HostTensor& expected, double tolerance,
                         const std::string& what) {
  const HostTensor wide = found.as(DataType::f64, Layout::nchw);
  const double scale = max_abs(expected.f64());
  for (size_t i = 0; i < expected.f64().size(); ++i) {
    const double difference = std::abs(wide.f64()[i] - expected.f64()[i]);
    if (!(difference <= tolerance * scale)) {
      ADD_FAILURE() << what << ": element " << i << " is " << wide.f64()[i] << ", expected " << expected.f64()[i]
                    << ", tolerance " << tolerance * scale;
      return;
    }
  }
}

}  // namespace convlens::test
