#include "viz/training/adaptive_style_keys.h"

#include "kernels/base/params.h"

namespace convlens::viz {

void AdaptiveStyleKeys::describe(ParamVisitor& v) {
  PainterKeys::describe(v);
  v.field({.name = "styles", .doc = "a folder of pictures whose styles are trained on", .required = true}, styles);
  v.field({.name = "validation_styles", .doc = "a folder of such that are not, for previews", .required = true},
          validation_styles);
  v.field({.name = "encoder", .doc = "a model's folder: VGG-19", .required = true}, encoder);
  v.field({.name = "layer", .doc = "of the encoder, whose features are decoded"}, loss.layer);
  v.field({.name = "style_layers", .doc = "of the encoder, whose means and deviations are to be the style's"},
          loss.style_layers);
  v.field({.name = "content_weight", .doc = "of the mean square between features", .min = 0}, loss.content_weight);
  v.field({.name = "style_weight", .doc = "of the mean squares between means and between deviations", .min = 0},
          loss.style_weight);
  v.field({.name = "variation_weight", .doc = "of the mean square between neighbouring pixels, 0..1", .min = 0},
          loss.variation_weight);
}

}  // namespace convlens::viz
