#pragma once

#include <functional>

namespace simt {

/// What `work` puts on the device's stream, as one CUDA graph; it is not done now. The result does it, once a call.
std::function<void()> record_graph(const std::function<void()>& work);

}  // namespace simt
