#pragma once

#include <cudnn.h>

#include <string>

#include "kernels/base/error.h"

namespace convlens {

/// Throws InternalError with cuDNN's words for the error.
inline void check(cudnnStatus_t status) {
  if (status != CUDNN_STATUS_SUCCESS) throw InternalError(std::string("cuDNN: ") + cudnnGetErrorString(status));
}

/// An object of cuDNN's, destroyed with this one.
template <class T, cudnnStatus_t (*create)(T*), cudnnStatus_t (*destroy)(T)>
class CudnnObject {
 public:
  CudnnObject() { check(create(&object_)); }
  ~CudnnObject() { destroy(object_); }
  CudnnObject(const CudnnObject&) = delete;
  CudnnObject& operator=(const CudnnObject&) = delete;
  operator T() const { return object_; }

 private:
  T object_ = nullptr;
};

using CudnnHandle = CudnnObject<cudnnHandle_t, cudnnCreate, cudnnDestroy>;
using CudnnTensor = CudnnObject<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using CudnnFilter = CudnnObject<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using CudnnConvolution =
    CudnnObject<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;

/// cuDNN on the device's stream.
cudnnHandle_t cudnn_handle();

}  // namespace convlens
