#include "kernels/base/cuda/cublas.h"

#include <memory>

#include "kernels/simt/gpu/stream.h"

namespace convlens {
namespace {

struct Destroy {
  void operator()(cublasHandle_t handle) const { cublasDestroy(handle); }
};
using Handle = std::unique_ptr<cublasContext, Destroy>;

Handle make_handle() {
  cublasHandle_t handle = nullptr;
  check(cublasCreate(&handle));
  Handle owned(handle);
  check(cublasSetStream(handle, simt::device_stream().get()));
  return owned;
}

}  // namespace

cublasHandle_t cublas_handle() {
  static const Handle handle = make_handle();
  return handle.get();
}

void check(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) throw InternalError(std::string("cuBLAS: ") + cublasGetStatusString(status));
}

}  // namespace convlens
