#pragma once

#include <functional>
#include <map>

#include "engine/costs.h"

namespace convlens::test {

/// Seconds by a variant's pass and name ("forward onednn_plain"), or by its name; 1 for a reorder. Of other variants
/// nothing is known.
class CostsByName final : public Costs {
 public:
  explicit CostsByName(std::map<std::string, double> seconds) : seconds_(std::move(seconds)) {}

  std::vector<std::optional<double>> seconds(const Operator&, std::span<const Candidate> candidates) override {
    std::vector<std::optional<double>> list;
    for (const Candidate& c : candidates) {
      auto it = seconds_.find(to_string(c.variant->pass) + " " + c.variant->name);
      if (it == seconds_.end()) it = seconds_.find(c.variant->name);
      list.push_back(it == seconds_.end() ? std::nullopt : std::optional(it->second));
    }
    return list;
  }
  std::optional<double> reorder_seconds(Device, const TensorDesc& from, Layout to) override {
    return from.layout == to ? 0 : 1;
  }

 private:
  std::map<std::string, double> seconds_;
};

/// Numbers in [0, 1) that mean nothing, the same for the same work: a plan by them does what no plan would.
class RandomCosts final : public Costs {
 public:
  explicit RandomCosts(uint64_t seed) : seed_(seed) {}

  std::vector<std::optional<double>> seconds(const Operator& op, std::span<const Candidate> candidates) override {
    std::vector<std::optional<double>> list;
    for (const Candidate& c : candidates)
      list.push_back(number(op.name() + c.variant->name + c.problem.output.shape.to_string() +
                            to_string(c.problem.inputs[0].layout) + to_string(c.problem.output.layout)));
    return list;
  }
  std::optional<double> reorder_seconds(Device, const TensorDesc& from, Layout to) override {
    return from.layout == to ? 0 : 0.1 * number(to_string(from.layout) + to_string(to));
  }

 private:
  double number(const std::string& text) const {
    const size_t hash = std::hash<std::string>()(text + std::to_string(seed_));
    return static_cast<double>(hash % 1000) / 1000;
  }

  uint64_t seed_;
};

}  // namespace convlens::test
