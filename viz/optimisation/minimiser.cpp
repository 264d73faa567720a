#include "viz/optimisation/minimiser.h"

#include <algorithm>

#include "engine/optimiser.h"
#include "kernels/base/params.h"
#include "viz/exact_numbers.h"
#include "viz/optimisation/lbfgs.h"

namespace convlens::viz {
namespace {

std::shared_ptr<Params> params_of(const std::string& update, const Json& keys) {
  auto params = update_by_name(update).new_params();
  read_params(*params, keys, "the optimiser", update);
  return params;
}

/// Each step as one of kernels' updates has it, on the host, where the objective's gradient arrives.
class UpdateMinimiser final : public Minimiser {
 public:
  UpdateMinimiser(const std::string& update, const Json& params, const Shape& shape)
      : ascends_(update == "gradient_ascent"), optimiser_(update, params_of(update, params), Device::cpu, {shape}) {}

  std::optional<std::string> step(double, const Array& gradient, Array& x) override {
    Array direction = gradient;
    if (ascends_)
      for (float& value : direction.values) value = -value;
    optimiser_.advance();
    optimiser_.apply(x.view(), direction.view());
    return std::nullopt;
  }

  Json state() const override {
    Json states = Json::array();
    for (const TensorView& state : optimiser_.states())
      states.push_back(to_binary({state.f32(), static_cast<size_t>(state.desc.elements())}));
    return {{"step", optimiser_.step()}, {"states", states}};
  }

  void restore(const Json& state) override {
    optimiser_.continue_after(state.at("step"));
    const auto own = optimiser_.states();
    for (size_t i = 0; i < own.size(); ++i)
      copy_exactly(state.at("states").at(i), {own[i].f32(), static_cast<size_t>(own[i].desc.elements())});
  }

 private:
  bool ascends_;
  Optimiser optimiser_;
};

/// Each step is an evaluation: most accept a point, some only try one.
class LbfgsMinimiser final : public Minimiser {
 public:
  explicit LbfgsMinimiser(const Json& params) { read_params(params_, params, "the optimiser", "lbfgs"); }

  std::optional<std::string> step(double value, const Array& gradient, Array& x) override {
    if (!lbfgs_) lbfgs_.emplace(params_, x.values);
    lbfgs_->tell(value, gradient.values);
    std::ranges::copy(lbfgs_->point(), x.values.begin());
    if (lbfgs_->stopped()) return lbfgs_->reason();
    return std::nullopt;
  }

  void finish(Array& x) const override {
    if (lbfgs_) std::ranges::copy(lbfgs_->iterate(), x.values.begin());
  }

  Json state() const override { return lbfgs_ ? lbfgs_->state() : Json(); }

  void restore(const Json& state) override {
    lbfgs_.reset();
    if (!state.is_null()) lbfgs_.emplace(params_, from_binary(state.at("iterate"))).restore(state);
  }

 private:
  LbfgsParams params_;
  std::optional<Lbfgs> lbfgs_;
};

}  // namespace

std::unique_ptr<Minimiser> make_minimiser(const std::string& name, const Json& params, const Shape& shape) {
  if (name == "lbfgs") return std::make_unique<LbfgsMinimiser>(params);
  return std::make_unique<UpdateMinimiser>(name, params, shape);
}

}  // namespace convlens::viz
