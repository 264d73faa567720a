#include "viz/training/optimizer.h"

#include "kernels/base/device_api.h"
#include "kernels/base/error.h"

namespace convlens::viz {

Optimizer::Optimizer(const Json& keys, const std::string& where) {
  if (!keys.is_object() || !keys.contains("name") || !keys["name"].is_string())
    throw InputError(where + ": 'optimizer' must be an object whose 'name' is that of an update, such as \"sgd\"");
  name_ = keys["name"];
  try {
    params_ = update_by_name(name_).new_params();
  } catch (const InputError& error) {
    throw InputError(where + ": 'optimizer.name': " + error.what());
  }
  Json own = keys;
  own.erase("name");
  read_params(*params_, own, where, "optimizer");
  keys_ = write_params(*params_);
}

void Optimizer::apply(size_t tensor, std::span<float> values, std::span<const float> gradient, int64_t step,
                      double rate) {
  if (keys_.contains("lr")) {
    Json keys = keys_;
    keys["lr"] = keys["lr"].get<double>() * rate;
    read_params(*params_, keys, "the optimizer", "");
  }
  if (tensor >= states.size()) states.resize(tensor + 1);
  states[tensor].resize(update_by_name(name_).states());
  const TensorDesc desc{{1, 1, 1, static_cast<int64_t>(values.size())}};
  std::vector<TensorView> views;
  for (auto& state : states[tensor]) {
    state.resize(values.size());
    views.push_back({desc, state.data()});
  }
  const UpdateVariant& variant = update_variant(name_, Device::cpu);
  const UpdateProblem problem{params_, desc};
  const DeviceBuffer workspace = device_api(Device::cpu).allocate(variant.workspace ? variant.workspace(problem) : 0);
  variant.run(problem, {.value = {desc, values.data()},
                        .gradient = {desc, const_cast<float*>(gradient.data())},
                        .states = views,
                        .workspace = workspace.get(),
                        .step = step});
}

}  // namespace convlens::viz
