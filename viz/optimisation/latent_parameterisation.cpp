#include "viz/optimisation/latent_parameterisation.h"

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/optimisation/generator.h"
#include "viz/optimisation/noise.h"
#include "viz/optimisation/pixels.h"

namespace convlens::viz {
namespace {

void check_interval(const std::string& key, const std::vector<double>& values) {
  if (values.size() != 2 || !(values[0] < values[1]))
    throw InputError("'" + key + "' must be [lowest, highest], found " + Json(values).dump());
}

class Latent final : public Parameterisation {
 public:
  Latent(std::shared_ptr<const Model> generator, CodeKeys keys, const InputSpec& input, const Shape& batch,
         Device device)
      : generator_(std::move(generator)), keys_(std::move(keys)), input_(input), batch_(batch) {
    check_interval("generator_range", keys_.generator_range);
    if (!keys_.code_range.empty()) check_interval("code_range", keys_.code_range);
    const Shape& code = code_input(*generator_).shape;
    code_ = {batch.n(), code.c(), code.h(), code.w()};
    GraphBuilder graph("generated image");
    pixels_ = add_pixels(graph, "x");
    session_ = std::make_unique<Session>(graph.model(),
                                         PlanRequest{.device = device, .batch = batch.n(), .observe = {pixels_}});
  }

  std::string add(GraphBuilder& graph, const std::string& name) const override {
    return add_normalisation(graph, add_pixels(graph, name), input_);
  }

  Array start(double sd, int64_t seed) const override { return normal_noise(code_, sd, seed); }

  std::unique_ptr<Minimiser> minimiser(double lr) const override {
    Json params{{"lr", lr}};
    if (keys_.optimiser == "gradient_ascent") params["normalisation"] = "mean_abs";
    if (!keys_.code_range.empty()) params.update({{"min", keys_.code_range[0]}, {"max", keys_.code_range[1]}});
    return make_minimiser(keys_.optimiser, params, code_);
  }

  Array pixels(const Array& x) const override {
    session_->set_input("x", x);
    session_->forward();
    return session_->value(pixels_);
  }

 private:
  std::string add_pixels(GraphBuilder& graph, const std::string& name) const {
    graph.image_input(name, code_.c(), code_.h(), code_.w());
    const Shape picture = picture_shape(*generator_);
    const std::string made = add_generator(graph, *generator_, name);
    const std::string pixels = add_conversion(graph, "pixels", made, spec_of(picture), without_normalisation(input_));
    return add_fit(graph, pixels, picture, batch_.h(), batch_.w());
  }

  InputSpec spec_of(const Shape& picture) const {
    return without_normalisation({.name = generator_->output,
                                  .shape = picture,
                                  .channel_order = keys_.generator_order,
                                  .range = {keys_.generator_range[0], keys_.generator_range[1]}});
  }

  std::shared_ptr<const Model> generator_;
  CodeKeys keys_;
  InputSpec input_;
  Shape batch_, code_;
  std::string pixels_;
  std::unique_ptr<Session> session_;
};

}  // namespace

void CodeKeys::describe(ParamVisitor& v) {
  v.choice({.name = "optimiser", .doc = "gradient_ascent: steps of mean |change| lr; adam"}, optimiser,
           {"gradient_ascent", "adam"});
  v.field({.name = "code_layer", .doc = "of the generator, whose value is the code; by default the generator's input"},
          code_layer);
  v.field({.name = "code_range", .doc = "[min, max] of the code's numbers, to which each step clips them"}, code_range);
  v.field({.name = "generator_range", .doc = "black and white in what the generator makes"}, generator_range);
  v.choice({.name = "generator_order", .doc = "of the channels in what the generator makes"}, generator_order,
           {"rgb", "bgr"});
}

std::unique_ptr<Parameterisation> latent_parameterisation(std::shared_ptr<const Model> generator, CodeKeys keys,
                                                          const InputSpec& input, const Shape& batch, Device device) {
  if (!keys.code_layer.empty())
    generator = std::make_shared<const Model>(generator_behind(*generator, keys.code_layer));
  return std::make_unique<Latent>(std::move(generator), std::move(keys), input, batch, device);
}

}  // namespace convlens::viz
