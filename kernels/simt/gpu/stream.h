#pragma once

#include <memory>

#include "kernels/simt/gpu/check.h"

namespace simt {

class Event;

/// What is put on a stream is done in order; streams do not wait for each other unless told to.
class Stream {
 public:
  Stream();
  void wait(const Event& event) const;  ///< what follows waits for all that preceded the event's last record()
  void synchronize() const;             ///< the host waits until all is done
  cudaStream_t get() const { return stream_.get(); }

 private:
  struct Destroy {
    void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
  };
  std::unique_ptr<CUstream_st, Destroy> stream_;
};

/// A place in a stream.
class Event {
 public:
  Event();
  void record(const Stream& stream);
  void synchronize() const;                              ///< the host waits until the place is reached
  float milliseconds_since(const Event& earlier) const;  ///< both recorded and reached
  cudaEvent_t get() const { return event_.get(); }

 private:
  struct Destroy {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  };
  std::unique_ptr<CUevent_st, Destroy> event_;
};

/// The stream of all that the device cuda does. Seen by the modules of NVIDIA's libraries, too.
[[gnu::visibility("default")]] const Stream& device_stream();

}  // namespace simt
