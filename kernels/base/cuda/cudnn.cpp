#include "kernels/base/cuda/cudnn.h"

#include "kernels/simt/gpu/stream.h"

namespace convlens {
namespace {

struct HandleOnStream {
  HandleOnStream() { check(cudnnSetStream(handle, simt::device_stream().get())); }
  CudnnHandle handle;
};

}  // namespace

cudnnHandle_t cudnn_handle() {
  static const HandleOnStream on_stream;
  return on_stream.handle;
}

}  // namespace convlens
