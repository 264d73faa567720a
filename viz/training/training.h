#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels/base/json.h"

namespace convlens::viz {

/// What is trained step by step. What it does at a step follows from its keys and the step's number, so that a training
/// that is restored goes on to the same bits.
class Training {
 public:
  Training() = default;
  virtual ~Training() = default;
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  virtual int64_t steps() const = 0;
  virtual int64_t steps_done() const = 0;

  /// Returns the loss. Throws InputError, naming the step, if it is no number.
  virtual double step() = 0;

  virtual Json state() const = 0;  ///< all that restore() needs, numbers exact
  virtual void restore(const Json& state) = 0;

  /// A line for the terminal.
  std::function<void(const std::string& line)> say = [](const std::string&) {};
};

}  // namespace convlens::viz
