#include "viz/training/optimizer.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"

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

Optimiser& Optimizer::of_tensor(size_t tensor, size_t elements) {
  if (tensor == tensors_.size())
    tensors_.emplace_back(name_, params_, Device::cpu, TensorDesc{{1, 1, 1, static_cast<int64_t>(elements)}});
  return tensors_.at(tensor);
}

void Optimizer::apply(size_t tensor, std::span<float> values, std::span<const float> gradient, double rate) {
  if (keys_.contains("lr")) {
    Json keys = keys_;
    keys["lr"] = keys["lr"].get<double>() * rate;
    read_params(*params_, keys, "the optimizer", "");
  }
  Optimiser& optimiser = of_tensor(tensor, values.size());
  const TensorDesc desc{{1, 1, 1, static_cast<int64_t>(values.size())}};
  optimiser.advance();
  optimiser.apply({desc, values.data()}, {desc, const_cast<float*>(gradient.data())});
}

Optimizer::States Optimizer::states() const {
  States states;
  for (const Optimiser& optimiser : tensors_) {
    auto& of_tensor = states.emplace_back();
    for (const TensorView& state : optimiser.states())
      of_tensor.emplace_back(state.f32(), state.f32() + state.desc.elements());
  }
  return states;
}

void Optimizer::restore(const States& states, int64_t step) {
  tensors_.clear();
  for (const auto& saved : states) {
    Optimiser& optimiser = of_tensor(tensors_.size(), saved.empty() ? 0 : saved[0].size());
    optimiser.continue_after(step);
    for (size_t i = 0; i < saved.size(); ++i) std::ranges::copy(saved[i], optimiser.states()[i].f32());
  }
}

}  // namespace convlens::viz
