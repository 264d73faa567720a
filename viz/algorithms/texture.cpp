// texture: a new picture of the same texture as the photo.
//
// From noise, the picture x of least
//   style_weight * sum over layers of mean (G(x) - G(photo))^2 + tv_weight * TV(x),
// G: the Gram matrix of a layer's features, in which their places are summed away (Gatys, Ecker and Bethge, "Texture
// Synthesis Using Convolutional Neural Networks", 2015). The features' correlations are all that is kept: what is
// regular over longer distances than the deepest layer sees, such as a row of bricks, is lost.

#include <cmath>

#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/style/descent.h"
#include "viz/style/style_keys.h"

namespace convlens::viz {
namespace {

class Texture final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    gram_.describe(v);
    variation_.describe(v);
    v.field({.name = "texture_edge", .doc = "longer edge to which the photo is scaled", .min = 16}, texture_edge_);
    v.field({.name = "longer_edge",
             .doc = "of the result, in the photo's proportions, where there is no 'size'",
             .min = 16},
            longer_edge_);
    descent_.describe(v);
  }

  std::vector<Stage> stages(const Run& run) const override {
    PictureNetwork network(run, canvas(run));
    add_terms(network, gram_.blank_targets(network));
    return network.stages(name, descent_.session_bytes(run, network.canvas()));
  }

  void execute(Run& run, Session*) override {
    const Image texture = scaled_to(run.photo(), texture_edge_, run);
    run.show("photo", texture, "the texture");
    Checkpoint checkpoint(run);
    const auto bytes = descent_.session_bytes(run, canvas(run));
    PictureNetwork network(run, canvas(run));
    add_terms(network, grams_of(run, texture, gram_.layers, gram_.divisor, bytes));
    const Image start = noise(canvas(run), texture.channels, run.keys().seed);
    run.show("result", clamp(descend(run, checkpoint, name, descent_, network, start)), "a new picture like it");
  }

 private:
  static constexpr const char* name = "synthesis";

  Canvas canvas(const Run& run) const { return canvas_of(run, run.photo(), longer_edge_); }

  void add_terms(PictureNetwork& network, const std::vector<Array>& targets) const {
    gram_.add_terms(network, targets);
    variation_.add_term(network);
  }

  GramKeys gram_;
  VariationKeys variation_{1e-3};
  int64_t texture_edge_ = 256, longer_edge_ = 256;
  DescentKeys descent_{300};
};

const RegisterAlgorithm texture_registered({"texture", "a new picture of the photo's texture",
                                            "Gatys, Ecker and Bethge 2015, arXiv:1505.07376", make_algorithm<Texture>});

}  // namespace
}  // namespace convlens::viz
