#pragma once

#include <span>

#include "kernels/base/cpu/onednn.h"

namespace convlens {

/// A matrix, or a batch of them, in memory that may skip: dims and strides in elements, the rows before the columns.
dnnl::memory::desc onednn_matrix(const dnnl::memory::dims& dims, const dnnl::memory::dims& strides);

/// c = activation(factor * (a b) + bias), by oneDNN.
class Matmul {
 public:
  struct Options {
    float factor = 1;
    dnnl::memory::desc bias;  ///< none if empty
    dnnl::post_ops operations;
  };
  Matmul(const dnnl::memory::desc& a, const dnnl::memory::desc& b, const dnnl::memory::desc& c, const Options& options);
  Matmul(const dnnl::memory::desc& a, const dnnl::memory::desc& b, const dnnl::memory::desc& c)
      : Matmul(a, b, c, Options{}) {}

  size_t workspace() const { return desc_.scratchpad_desc().get_size(); }
  void run(const void* a, const void* b, const void* bias, void* c, void* workspace) const;

 private:
  dnnl::matmul::primitive_desc desc_;
  dnnl::matmul primitive_;
};

}  // namespace convlens
