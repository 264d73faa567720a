#include "viz/optimisation/noise.h"
#include "viz/optimisation/parameterisation.h"
#include "viz/optimisation/pixels.h"

namespace convlens::viz {
namespace {

class Pixels final : public Parameterisation {
 public:
  Pixels(const InputSpec& input, const Shape& batch)
      : input_(input), batch_(batch), unit_(imagenet_grey_levels * grey_level(input)) {}

  std::string add(GraphBuilder& graph, const std::string& name) const override {
    return add_normalisation(graph, graph.image_input(name, batch_.c(), batch_.h(), batch_.w()), input_);
  }

  Array start(double sd, int64_t seed) const override {
    Array x = normal_noise(batch_, sd * unit_, seed);
    const auto plane = static_cast<size_t>(batch_.h() * batch_.w());
    for (size_t i = 0; i < x.values.size(); ++i)
      x.values[i] += static_cast<float>(input_.mean[i / plane % input_.mean.size()]);
    return x;
  }

  std::unique_ptr<Minimiser> minimiser(double lr) const override {
    return make_minimiser(
        "gradient_ascent",
        {{"lr", lr * unit_}, {"normalisation", "l2"}, {"min", input_.range[0]}, {"max", input_.range[1]}}, batch_);
  }

  Array pixels(const Array& x) const override { return x; }

 private:
  InputSpec input_;
  Shape batch_;
  double unit_;
};

}  // namespace

std::unique_ptr<Parameterisation> pixel_parameterisation(const InputSpec& input, const Shape& batch) {
  return std::make_unique<Pixels>(input, batch);
}

}  // namespace convlens::viz
