#include <algorithm>
#include <array>
#include <cmath>

#include "viz/optimisation/noise.h"
#include "viz/optimisation/parameterisation.h"
#include "viz/optimisation/pixels.h"

namespace convlens::viz {
namespace {

// Red, green and blue of three colours that are uncorrelated in ImageNet: the square root of the covariance of its
// pixels, as Lucid has it; there divided by the length of its longest column.
constexpr double colours[3][3] = {{0.26, 0.09, 0.02}, {0.27, 0.00, -0.05}, {0.27, -0.09, 0.03}};
const double longest_column = std::hypot(0.26, 0.27, 0.27);

// By which Lucid divides an image before its colours are mixed.
constexpr double damping = 4;

class Fourier final : public Parameterisation {
 public:
  Fourier(const InputSpec& input, const Shape& batch) : input_(input), batch_(batch) {
    GraphBuilder graph("fourier image");
    add_pixels(graph, "x");
    session_ = std::make_unique<Session>(graph.model(), PlanRequest{.batch = batch.n(), .observe = {"pixels"}});
  }

  std::string add(GraphBuilder& graph, const std::string& name) const override {
    return add_normalisation(graph, add_pixels(graph, name), input_);
  }

  Array start(double sd, int64_t seed) const override {
    return normal_noise({batch_.n(), 2 * batch_.c(), batch_.h(), batch_.w() / 2 + 1}, sd, seed);
  }

  std::unique_ptr<Minimiser> minimiser(double lr) const override {
    return make_minimiser("adam", {{"lr", lr}}, {batch_.n(), 2 * batch_.c(), batch_.h(), batch_.w() / 2 + 1});
  }

  Array pixels(const Array& x) const override {
    session_->set_input("x", x);
    session_->forward();
    return session_->value("pixels");
  }

 private:
  std::string add_pixels(GraphBuilder& graph, const std::string& name) const {
    const int64_t channels = batch_.c();
    graph.image_input(name, 2 * channels, batch_.h(), batch_.w() / 2 + 1);
    graph.add("waves", "irfft2", {name}, {{"width", batch_.w()}, {"norm", "ortho"}, {"decay", 1}});
    const Json one_by_one{{"out_channels", channels}, {"kernel_size", 1}};
    graph.add("coloured", "conv2d", {"waves"}, one_by_one, {mixing(), Array({channels})});
    graph.add("limited", "sigmoid", {"coloured"});
    Array scale({channels, channels, 1, 1}), shift({channels});
    for (int64_t c = 0; c < channels; ++c) {
      scale.values[static_cast<size_t>(c * channels + c)] = static_cast<float>(input_.range[1] - input_.range[0]);
      shift.values[static_cast<size_t>(c)] = static_cast<float>(input_.range[0]);
    }
    return graph.add("pixels", "conv2d", {"limited"}, one_by_one, {scale, shift});
  }

  // From uncorrelated colours to the network's channels; of a grey image to itself.
  Array mixing() const {
    const int64_t channels = batch_.c();
    Array matrix({channels, channels, 1, 1});
    if (channels != 3) {
      for (int64_t c = 0; c < channels; ++c) matrix.values[static_cast<size_t>(c * channels + c)] = 1 / damping;
      return matrix;
    }
    for (size_t row = 0; row < 3; ++row)
      for (size_t column = 0; column < 3; ++column) {
        const double share = colours[input_.channel_order == "bgr" ? 2 - row : row][column];
        matrix.values[3 * row + column] = static_cast<float>(share / (longest_column * damping));
      }
    return matrix;
  }

  InputSpec input_;
  Shape batch_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Parameterisation> fourier_parameterisation(const InputSpec& input, const Shape& batch) {
  return std::make_unique<Fourier>(input, batch);
}

}  // namespace convlens::viz
