#include "kernels/simt/emulator/stream.h"

#include "kernels/simt/emulator/block.h"

namespace simt {

void Event::record(const Stream&) { reached_ = std::chrono::steady_clock::now(); }

float Event::milliseconds_since(const Event& earlier) const {
  if (!reached_ || !earlier.reached_) throw KernelError("the time between events of which one was never recorded");
  return std::chrono::duration<float, std::milli>(*reached_ - *earlier.reached_).count();
}

}  // namespace simt
