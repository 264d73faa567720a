#include "kernels/base/variant.h"

#include "kernels/base/error.h"

namespace convlens {
namespace {

class StatelessKernel final : public Kernel {
 public:
  StatelessKernel(Problem problem, RunFunction run, size_t workspace)
      : problem_(std::move(problem)), run_(run), workspace_(workspace) {}
  size_t workspace() const override { return workspace_; }
  void run(const Arguments& arguments) override { run_(problem_, arguments); }

 private:
  Problem problem_;
  RunFunction run_;
  size_t workspace_;
};

}  // namespace

std::string to_string(Pass pass) {
  switch (pass) {
    case Pass::forward: return "forward";
    case Pass::backward_data: return "backward_data";
    case Pass::backward_weights: return "backward_weights";
  }
  throw InternalError("unknown pass");
}

std::string to_string(Device device) {
  switch (device) {
    case Device::reference: return "reference";
    case Device::cpu: return "cpu";
    case Device::cuda: return "cuda";
    case Device::simt: return "simt";
  }
  throw InternalError("unknown device");
}

Device device_by_name(const std::string& name) {
  for (const Device device : {Device::reference, Device::cpu, Device::cuda, Device::simt})
    if (to_string(device) == name) return device;
  throw InputError("device must be one of \"reference\", \"cpu\", \"cuda\", \"simt\", found \"" + name + "\"");
}

std::string to_string(BackwardMode mode) {
  switch (mode) {
    case BackwardMode::standard: return "standard";
    case BackwardMode::guided: return "guided";
    case BackwardMode::deconvnet: return "deconvnet";
  }
  throw InternalError("unknown backward mode");
}

std::function<std::unique_ptr<Kernel>(const Problem&)> stateless(RunFunction run, WorkspaceFunction workspace) {
  return [=](const Problem& problem) {
    return std::make_unique<StatelessKernel>(problem, run, workspace ? workspace(problem) : 0);
  };
}

}  // namespace convlens
