#include "viz/training/training_keys.h"

#include <cmath>
#include <numbers>

#include "kernels/base/params.h"

namespace convlens::viz {

double scheduled_rate(Schedule schedule, int64_t done, int64_t steps) {
  if (schedule == Schedule::constant) return 1;
  return 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(done) / static_cast<double>(steps)));
}

void TrainingKeys::describe(ParamVisitor& v) {
  v.field({.name = "model",
           .doc = "an architecture (model.json without weights), or a model's folder to go on from",
           .required = true},
          model);
  v.field({.name = "out", .doc = "folder for the results", .required = true}, out);
  v.choice({.name = "device", .doc = "where the network is computed"}, device,
           {"auto", "cpu", "cuda", "simt", "reference"});
  v.choice<Schedule>({.name = "schedule", .doc = "of the learning rate"}, schedule,
                     {{"constant", Schedule::constant}, {"cosine", Schedule::cosine}});
  v.field({.name = "batch", .doc = "pictures a step", .min = 1}, batch);
  v.field({.name = "seed", .doc = "of initial weights, order and augmentation"}, seed);
  v.field({.name = "threads", .doc = "0: one for each processor", .min = 0}, threads);
  v.field({.name = "flip", .doc = "whether half of the pictures are mirrored, left for right"}, flip);
  v.field({.name = "checkpoint_steps", .doc = "steps from one checkpoint to the next", .min = 1}, checkpoint_steps);
}

}  // namespace convlens::viz
