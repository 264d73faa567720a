#include "kernels/simt/gpu/stream.h"

namespace simt {

Stream::Stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_.reset(stream);
}

void Stream::wait(const Event& event) const { check(cudaStreamWaitEvent(get(), event.get())); }
void Stream::synchronize() const { check(cudaStreamSynchronize(get())); }

Event::Event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event));
  event_.reset(event);
}

void Event::record(const Stream& stream) { check(cudaEventRecord(get(), stream.get())); }
void Event::synchronize() const { check(cudaEventSynchronize(get())); }

float Event::milliseconds_since(const Event& earlier) const {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, earlier.get(), get()));
  return milliseconds;
}

const Stream& device_stream() {
  static const Stream stream;
  return stream;
}

}  // namespace simt
