#include "kernels/simt/gpu/graph.h"

#include <memory>
#include <utility>

#include "kernels/simt/gpu/stream.h"

namespace simt {
namespace {

struct Destroy {
  void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
  void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
};
using Graph = std::unique_ptr<CUgraph_st, Destroy>;

/// The stream keeps what is put on it, in place of doing it, until the end.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  }
  ~Capture() {
    if (!ended_) end();
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  Graph graph() {
    auto [error, graph] = end();
    check(error);
    return std::move(graph);
  }

 private:
  std::pair<cudaError_t, Graph> end() {
    ended_ = true;
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(stream_, &graph);
    return {error, Graph(graph)};
  }

  cudaStream_t stream_;
  bool ended_ = false;
};

}  // namespace

std::function<void()> record_graph(const std::function<void()>& work) {
  Capture capture(device_stream().get());
  work();
  const Graph graph = capture.graph();
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph.get(), 0));
  return [shared = std::shared_ptr<CUgraphExec_st>(executable, Destroy{})] {
    check(cudaGraphLaunch(shared.get(), device_stream().get()));
  };
}

}  // namespace simt
