// guided_backprop: which pixels drive one neuron.
//
// The gradient of one neuron's activation to the image, where every ReLU on the way back lets through
//   standard   R where the forward input was positive,
//   deconvnet  R where R is positive (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014),
//   guided     R where both are (Springenberg et al., "Striving for Simplicity", 2015).
// Beside the whole image the part that the neuron can see at all, its receptive field, as the graph gives it exactly.
//
// Guided pictures are sharp, but they hardly depend on the weights above the first layers (Adebayo et al., "Sanity
// Checks for Saliency Maps", 2018): they show what the neuron could see, not why it fired.

#include <algorithm>
#include <cmath>

#include "engine/graph_regions.h"
#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/io/crop.h"
#include "viz/io/normalize.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

struct Neuron {
  int64_t channel, y, x;
  double activation;
};

class GuidedBackprop final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "layer",
             .doc = "whose neuron; by default what enters the last ReLU on a map, where none is saturated"},
            layer_);
    v.field({.name = "channel", .doc = "the neuron's channel; -1: the one with the strongest activation", .min = -1},
            channel_);
    v.field(
        {.name = "position", .doc = "[y, x] in the layer's map; by default where the channel is strongest", .min = 0},
        position_);
    v.field({.name = "modes",
             .doc = "of the ReLUs: \"guided\", \"deconvnet\", \"standard\", a picture each, and side by side"},
            modes_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    PlanRequest request = run.base_request();
    request.losses = {chosen_layer(run)};
    request.gradients = {run.input_name()};
    return request;
  }

  void execute(Run& run, Session* session) override {
    const std::string layer = chosen_layer(run);
    session->set_input(run.input_name(), run.tensor());
    session->forward();
    const Neuron chosen = chosen_neuron(session->value(layer), layer);
    const Loss losses[] = {neuron(layer, chosen.channel, chosen.y, chosen.x)};
    run.show("image", run.view(), "the photo as the network sees it");
    report(run, layer, chosen);
    const auto field = field_of(run, layer, chosen);
    std::vector<Image> shown;
    for (const std::string& name : modes_) {
      session->forward();  // each sweep back needs its own
      session->backward(losses, mode_by_name(name));
      shown.push_back(show_mode(run, name, session->gradient(run.input_name()), field));
    }
    if (shown.size() > 1)
      run.show("modes", tile_grid(shown, static_cast<int>(shown.size()), 4),
               listed(modes_) + ", each on its own scale");
  }

 private:
  std::string chosen_layer(const Run& run) const {
    const Model& model = run.model();
    if (!layer_.empty()) return model.layer(layer_).name;
    std::string last;
    const GraphRegions regions(model, run.base_request().input_shapes);
    for (const Layer& layer : model.layers) {
      const Shape& s = regions.shape(layer.name);
      if (s.h() * s.w() > 1 && layer.op->as_activation(*layer.params)) last = layer.inputs[0];
    }
    if (last.empty()) throw InputError("the model '" + model.name + "' has no ReLU on a map: name a 'layer'");
    return last;
  }

  Neuron chosen_neuron(const Array& value, const std::string& layer) const {
    const Shape& s = value.shape;
    if (channel_ >= s.c())
      throw InputError("'channel' must be below the " + std::to_string(s.c()) + " channels of layer '" + layer +
                       "', found " + std::to_string(channel_));
    if (!position_.empty() && (position_.size() != 2 || position_[0] >= s.h() || position_[1] >= s.w()))
      throw InputError("'position' must be [y, x] inside the " + std::to_string(s.h()) + " x " + std::to_string(s.w()) +
                       " map of layer '" + layer + "'");
    Neuron best{0, 0, 0, -INFINITY};
    for (int64_t c = channel_ < 0 ? 0 : channel_; c < (channel_ < 0 ? s.c() : channel_ + 1); ++c)
      for (int64_t y = 0; y < s.h(); ++y)
        for (int64_t x = 0; x < s.w(); ++x) {
          if (!position_.empty() && (y != position_[0] || x != position_[1])) continue;
          const double activation = value.values[static_cast<size_t>(value.view().desc.offset(0, c, y, x))];
          if (activation > best.activation) best = {c, y, x, activation};
        }
    return best;
  }

  static std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  BackwardMode mode_by_name(const std::string& name) const {
    for (const BackwardMode mode : {BackwardMode::standard, BackwardMode::guided, BackwardMode::deconvnet})
      if (to_string(mode) == name) return mode;
    throw InputError("'modes' may name \"guided\", \"deconvnet\" and \"standard\", found \"" + name + "\"");
  }

  static Image enlarged(const Image& part) { return enlarge(part, std::clamp(224 / part.width, 1, 8)); }

  // The part of the photo that the neuron sees, if it is not all of it.
  static std::optional<Region> field_of(Run& run, const std::string& layer, const Neuron& n) {
    const GraphRegions regions(run.model(), run.base_request().input_shapes);
    const Region field = regions.receptive_field(layer, unit_at(n.y, n.x), run.input_name());
    run.figure("receptive field", "rows " + range_text(field.y) + ", columns " + range_text(field.x));
    run.results["receptive_field"] = {{"rows", {field.y.begin, field.y.end}},
                                      {"columns", {field.x.begin, field.x.end}}};
    if (field.empty() || field == whole_map(run.tensor().shape)) return std::nullopt;
    run.show("receptive_field", enlarged(crop(run.view(), field)), "the part of the photo that the neuron sees");
    return field;
  }

  static std::string range_text(const IndexRange& range) {
    return std::to_string(range.begin) + " to " + std::to_string(range.end - 1);
  }

  static Image show_mode(Run& run, const std::string& mode, const Array& gradient, const std::optional<Region>& field) {
    run.save(mode, gradient);
    Image shown = signed_to_unit_range(to_image(gradient, run.model().image_input()), 99.5);
    run.show(mode, shown, mode + " gradient: grey is zero");
    if (std::ranges::all_of(gradient.values, [](float v) { return v == 0; }))
      run.section().notes.push_back("The " + mode + " gradient is zero everywhere.");
    if (field) run.show(mode + "_crop", enlarged(crop(shown, *field)), mode + " gradient, where the neuron sees");
    return shown;
  }

  static void report(Run& run, const std::string& layer, const Neuron& n) {
    const std::string place =
        std::to_string(n.channel) + " at (" + std::to_string(n.y) + ", " + std::to_string(n.x) + ")";
    run.figure("layer", layer);
    run.figure("neuron", "channel " + place);
    run.figure("activation", fixed(n.activation, 3));
    run.results = {{"layer", layer}, {"channel", n.channel}, {"position", {n.y, n.x}}, {"activation", n.activation}};
    run.say("neuron of " + layer + ": channel " + place + ", activation " + fixed(n.activation, 3));
  }

  std::string layer_;
  int64_t channel_ = -1;
  std::vector<int64_t> position_;
  std::vector<std::string> modes_{"guided"};
};

const RegisterAlgorithm guided_backprop_registered({"guided_backprop", "gradient of one neuron through guided ReLUs",
                                                    "Springenberg et al. 2015, arXiv:1412.6806",
                                                    make_algorithm<GuidedBackprop>});

}  // namespace
}  // namespace convlens::viz
