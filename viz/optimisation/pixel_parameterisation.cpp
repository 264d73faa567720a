#include "viz/optimisation/parameterisation.h"
#include "viz/optimisation/pixels.h"
#include "viz/training/random.h"

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
    Array x(batch_);
    const auto plane = static_cast<size_t>(batch_.h() * batch_.w()), image = plane * static_cast<size_t>(batch_.c());
    for (size_t first = 0; first < x.values.size(); first += image) {
      Random random(seed,
                    static_cast<int64_t>(first / image));  // so that an image does not depend on how many there are
      for (size_t i = 0; i < image; ++i)
        x.values[first + i] = static_cast<float>(input_.mean[i / plane] + (sd > 0 ? sd * unit_ * random.normal() : 0));
    }
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
