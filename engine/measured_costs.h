#pragma once

#include <map>
#include <string>

#include "engine/costs.h"
#include "kernels/base/json_fwd.h"

namespace convlens {

/// Times that were measured on this machine, by variant, sizes, layouts and number of threads.
class MeasuredCosts : public Costs {
 public:
  std::vector<std::optional<double>> seconds(const Operator& op, std::span<const Candidate> candidates) override;
  std::optional<double> reorder_seconds(Device device, const TensorDesc& from, Layout to) override;

  size_t size() const { return seconds_.size(); }
  Json to_json() const;                 ///< name of the work -> seconds
  void add_json(const Json& measured);  ///< throws InputError

 protected:
  std::map<std::string, double> seconds_;
};

/// Measures what is asked for and not known yet, which takes each candidate some runs.
class MeasuringCosts final : public MeasuredCosts {
 public:
  std::vector<std::optional<double>> seconds(const Operator& op, std::span<const Candidate> candidates) override;
  std::optional<double> reorder_seconds(Device device, const TensorDesc& from, Layout to) override;
};

}  // namespace convlens
