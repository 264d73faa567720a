#include "engine/optimiser.h"

namespace convlens {
namespace {

TensorDesc desc_of(const std::vector<double>& numbers) {
  return {{static_cast<int64_t>(numbers.size())}, DataType::f64, Layout::nchw};
}

}  // namespace

Optimiser::Optimiser(const std::string& update, std::shared_ptr<Params> params, Device device, const TensorDesc& tensor)
    : update_(update_by_name(update)),
      variant_(update_variant(update, device)),
      device_(device_api(device)),
      problem_{std::move(params), tensor} {
  if (tensor.layout != Layout::nchw) throw InternalError("an optimiser needs a tensor in NCHW");
  for (size_t i = 0; i < update_.states(); ++i) {
    memory_.push_back(device_.allocate(tensor.bytes()));
    states_.push_back({tensor, memory_.back().get()});
    device_.zero(states_.back());
  }
  numbers_ = device_.allocate(desc_of(update_.numbers(*problem_.params, 1)).bytes());
  workspace_ = device_.allocate(variant_.workspace ? variant_.workspace(problem_) : 0);
}

void Optimiser::advance() {
  std::vector<double> numbers = update_.numbers(*problem_.params, ++step_);
  if (numbers.empty()) return;
  const TensorDesc desc = desc_of(numbers);
  device_.upload({desc, numbers.data()}, {desc, numbers_.get()});
}

void Optimiser::apply(const TensorView& value, const TensorView& gradient) const {
  variant_.run(problem_, {.value = value,
                          .gradient = gradient,
                          .states = states_,
                          .numbers = reinterpret_cast<const double*>(numbers_.get()),
                          .workspace = workspace_.get()});
}

}  // namespace convlens
