#include "viz/optimisation/smoothing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "viz/optimisation/graph_builder.h"

namespace convlens::viz {

Blur::Blur(const Shape& batch, double sigma) {
  GraphBuilder graph("blur");
  const std::string image = graph.image_input("image", batch.c(), batch.h(), batch.w());
  graph.add("blurred", "gaussian_blur", {image}, {{"sigma", sigma}});
  session_ = std::make_unique<Session>(graph.model(), PlanRequest{.batch = batch.n(), .observe = {"blurred"}});
}

void Blur::apply(Array& images) {
  session_->set_input("image", images);
  session_->forward();
  images = session_->value("blurred");
}

void clip_small(Array& images, const Array& measure, double percent, std::span<const double> zero) {
  const Shape& s = images.shape;
  const auto pixels = static_cast<size_t>(s.h() * s.w()), channels = static_cast<size_t>(s.c());
  const auto count = static_cast<int64_t>(percent / 100 * static_cast<double>(pixels));
  std::vector<size_t> order(pixels);
  std::vector<double> squares(pixels);
  for (size_t first = 0; first < images.values.size(); first += channels * pixels) {
    std::ranges::fill(squares, 0);
    for (size_t i = 0; i < channels * pixels; ++i)
      squares[i % pixels] += std::pow(static_cast<double>(measure.values[first + i]), 2);
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) { return squares[i]; });
    for (int64_t k = 0; k < count; ++k)
      for (size_t c = 0; c < channels; ++c)
        images.values[first + c * pixels + order[static_cast<size_t>(k)]] = static_cast<float>(zero[c]);
  }
}

}  // namespace convlens::viz
