#pragma once

#include "viz/training/adaptive_style_graph.h"
#include "viz/training/style_trainer.h"

namespace convlens::viz {

/// The keys of train_adain.
struct AdaptiveStyleKeys final : PainterKeys {
  std::filesystem::path encoder, styles, validation_styles;
  AdaptiveLossKeys loss;

  void describe(ParamVisitor& v) override;
};

}  // namespace convlens::viz
