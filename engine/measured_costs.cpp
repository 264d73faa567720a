#include "engine/measured_costs.h"

#include <omp.h>

#include "engine/kernel_trial.h"
#include "engine/timing.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"

namespace convlens {
namespace {

constexpr int samples = 7;

std::string name_of(const TensorDesc& desc) { return desc.shape.to_string() + " " + to_string(desc.layout); }

std::string name_of(Device device) {
  return to_string(device) + (device == Device::cpu ? ", " + std::to_string(omp_get_max_threads()) + " threads" : "");
}

std::string name_of(const Operator& op, const Candidate& c) {
  std::string text =
      name_of(c.variant->device) + ": " + op.name() + " " + to_string(c.variant->pass) + " " + c.variant->name + " of";
  for (const TensorDesc& input : c.problem.inputs) text += " " + name_of(input);
  text += " to " + name_of(c.problem.output) + " " + write_params(*c.problem.params).dump();
  if (c.problem.activation)
    text += " max(x, " + Json(c.problem.activation->negative_slope).dump() + " x), at most " +
            Json(c.problem.activation->max_value).dump();
  return text + (c.problem.input_is_activated ? ", input activated" : "");
}

std::string name_of_reorder(Device device, const TensorDesc& from, Layout to) {
  return name_of(device) + ": reorder of " + name_of(from) + " to " + to_string(to);
}

std::vector<double> best_times(std::span<const TimedCall> calls) {
  std::vector<double> list;
  for (const Timing& timing : time_interleaved(calls, {.samples = samples})) list.push_back(timing.best);
  return list;
}

}  // namespace

std::vector<std::optional<double>> MeasuredCosts::seconds(const Operator& op, std::span<const Candidate> candidates) {
  std::vector<std::optional<double>> list;
  for (const Candidate& c : candidates) {
    const auto it = seconds_.find(name_of(op, c));
    list.push_back(it == seconds_.end() ? std::nullopt : std::optional(it->second));
  }
  return list;
}

std::optional<double> MeasuredCosts::reorder_seconds(Device device, const TensorDesc& from, Layout to) {
  if (from.layout == to) return 0;
  const auto it = seconds_.find(name_of_reorder(device, from, to));
  return it == seconds_.end() ? std::nullopt : std::optional(it->second);
}

Json MeasuredCosts::to_json() const { return seconds_; }

void MeasuredCosts::add_json(const Json& measured) {
  if (!measured.is_object()) throw InputError("measured times must be an object, found " + measured.dump());
  for (const auto& [name, seconds] : measured.items()) {
    if (!seconds.is_number() || !(seconds.get<double>() > 0))
      throw InputError("the time of '" + name + "' must be a number above 0, found " + seconds.dump());
    seconds_[name] = seconds;
  }
}

std::vector<std::optional<double>> MeasuringCosts::seconds(const Operator& op, std::span<const Candidate> candidates) {
  const auto known = MeasuredCosts::seconds(op, candidates);
  // What is known stays: choices have been made by it, which the same times must lead to again.
  std::vector<Candidate> missing;
  for (size_t i = 0; i < candidates.size(); ++i)
    if (!known[i]) missing.push_back(candidates[i]);
  if (missing.empty()) return known;
  const HostValues values = random_values(op, missing[0].problem);
  std::vector<std::unique_ptr<KernelTrial>> trials;
  std::vector<TimedCall> calls;
  for (const Candidate& c : missing) {
    trials.push_back(std::make_unique<KernelTrial>(op, *c.variant, c.problem, values));
    calls.push_back({[&trial = *trials.back()] { trial.start(); }, [&trial = *trials.back()] { trial.finish(); }});
  }
  const auto times = best_times(calls);
  for (size_t i = 0; i < missing.size(); ++i) seconds_[name_of(op, missing[i])] = times[i];
  return MeasuredCosts::seconds(op, candidates);
}

std::optional<double> MeasuringCosts::reorder_seconds(Device device, const TensorDesc& from, Layout to) {
  if (const auto known = MeasuredCosts::reorder_seconds(device, from, to)) return known;
  DeviceApi& api = device_api(device);
  TensorDesc other = from;
  other.layout = to;
  const DeviceBuffer source = api.allocate(from.bytes()), target = api.allocate(other.bytes());
  api.zero({from, source.get()});
  const TimedCall calls[] = {{[&] {
                                api.reorder({from, source.get()}, {other, target.get()});
                              },
                              [&] { api.synchronize(); }}};
  return seconds_[name_of_reorder(device, from, to)] = best_times(calls)[0];
}

}  // namespace convlens
