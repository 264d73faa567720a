#pragma once

#include <optional>
#include <string>

#include "viz/optimisation/loop.h"
#include "viz/optimisation/memory_keys.h"
#include "viz/style/picture_network.h"

namespace convlens::viz {

/// How a picture is optimised.
struct DescentKeys final : Params {
  explicit DescentKeys(int64_t steps) { loop.steps = steps; }

  LoopKeys loop;
  std::string optimiser = "lbfgs";
  int64_t history = 20;
  double lr = 1;
  MemoryKeys memory;

  void describe(ParamVisitor& v) override;

  /// What is left of `memory` for sessions, beside what the optimiser keeps of a picture of that size; nothing where no
  /// limit is set. Throws InputError where none is left.
  std::optional<size_t> session_bytes(const Run& run, const Canvas& canvas) const;
};

/// Grey with normal noise, the same for the same seed.
Image noise(const Canvas& canvas, int channels, int64_t seed);

/// The picture of least objective that the descent finds from `start`, within the memory allowed. Shows the curves of
/// its terms under `name`.
Image descend(Run& run, Checkpoint& checkpoint, const std::string& name, const DescentKeys& keys,
              const PictureNetwork& network, const Image& start);

}  // namespace convlens::viz
