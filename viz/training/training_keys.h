#pragma once

#include <filesystem>
#include <string>

#include "kernels/base/params.h"

namespace convlens::viz {

/// How the learning rate falls: not at all, or along half a cosine to 0 (Loshchilov and Hutter, "SGDR", 2017).
enum class Schedule { constant, cosine };

/// Of the learning rate, after `done` of `steps` steps.
double scheduled_rate(Schedule schedule, int64_t done, int64_t steps);

/// The keys that all trainings have, but `optimizer`, an object of its own.
struct TrainingKeys : Params {
  std::filesystem::path model, out;
  std::string device = "auto";
  Schedule schedule = Schedule::cosine;
  int64_t batch = 32, seed = 0, threads = 0, checkpoint_steps = 100;
  bool flip = false;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens::viz
