// integrated_gradients: the class score's difference to that of a baseline, shared out among the pixels.
//
//   IG_i = (x_i - x'_i) * integral_0^1 dS_c/dx_i (x' + a (x - x')) da
// (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017), by Gauss-Legendre quadrature on the
// path from the baseline x' (black) to the photo x. The shares of all pixels and colours add up to S_c(x) - S_c(x')
// (completeness); the run says by how much they fail to, which is the quadrature's error. The map is the sum over the
// colours of each pixel.
//
// What is black in the photo gets nothing, whatever it means to the network: x_i = x'_i. The gradient of a deep ReLU
// network jumps along the path; where the completeness error is above a few percent, take more `points`.

#include <algorithm>
#include <boost/math/special_functions/legendre.hpp>
#include <cmath>
#include <numeric>

#include "kernels/base/params.h"
#include "viz/attribution/batches.h"
#include "viz/attribution/channels.h"
#include "viz/attribution/method.h"
#include "viz/preprocess.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

struct Node {
  double position, weight;
};

// Gauss-Legendre on 0..1: with the zeros z of P_n, positions (1 + z) / 2 and weights 1 / ((1 - z^2) P_n'(z)^2).
std::vector<Node> gauss_legendre(int n) {
  std::vector<Node> nodes;
  const auto add = [&](double z) {
    const double slope = boost::math::legendre_p_prime(n, z);
    nodes.push_back({(1 + z) / 2, 1 / ((1 - z * z) * slope * slope)});
  };
  for (const double z : boost::math::legendre_p_zeros<double>(n)) {  // those that are not negative
    add(z);
    if (z > 0) add(-z);
  }
  std::ranges::sort(nodes, {}, &Node::position);
  return nodes;
}

class IntegratedGradients final : public AttributionMethod {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "points", .doc = "of the Gauss-Legendre quadrature", .min = 1, .max = 1000}, points_);
    v.field({.name = "baseline",
             .doc = "where the path begins: an image of this grey, 0 (black) to 1 (white)",
             .min = 0,
             .max = 1},
            baseline_);
  }

  PlanRequest request(const Question& question) const override {
    PlanRequest request = question.base_request();
    request.losses = {question.model.output};
    request.gradients = {question.input_name()};
    request.batch = fitting_batch(question.model, request, points_);
    return request;
  }

  Attribution attribute(const ClassQuestion& question, Session& session) const override {
    const Array from = baseline(question);
    const Array shares = integrate(question, session, from);
    const double sum = std::accumulate(shares.values.begin(), shares.values.end(), 0.0);
    const double difference = question.target.score - score_of(question, session, from);
    const double error = std::abs(sum - difference) / std::abs(difference);
    return {.map = channel_sum(shares),
            .has_sign = true,
            .arrays = {{"integrated_gradients", shares}},
            .figures = {{"score above the baseline's", fixed(difference, 3)},
                        {"sum of the map", fixed(sum, 3)},
                        {"completeness error", percent(error)}},
            .results = {{"score_difference", difference}, {"sum", sum}, {"completeness_error", error}},
            .said = {"completeness error " + percent(error) + ": the map sums to " + fixed(sum, 3) + ", the score is " +
                     fixed(difference, 3) + " above the baseline's"}};
  }

 private:
  Array baseline(const ClassQuestion& question) const {
    const Shape& s = question.input.shape;
    const Image grey = make_image(static_cast<int>(s.c()), static_cast<int>(s.h()), static_cast<int>(s.w()),
                                  static_cast<float>(baseline_));
    return to_tensor(grey, question.model.image_input());
  }

  Array integrate(const ClassQuestion& question, Session& session, const Array& from) const {
    const std::vector<Node> nodes = gauss_legendre(static_cast<int>(points_));
    const std::vector<float>& to = question.input.values;
    const auto fill = [&](int64_t i, std::span<float> image) {
      const double a = nodes[static_cast<size_t>(i)].position;
      for (size_t k = 0; k < image.size(); ++k)
        image[k] = static_cast<float>(from.values[k] + a * (static_cast<double>(to[k]) - from.values[k]));
    };
    std::vector<double> mean(to.size());
    Progress progress("integrated_gradients", "point", points_, question.display);
    run_batches(session, question.input_name(), points_, fill, [&](int64_t first, int64_t n) {
      const Loss losses[] = {question.loss()};
      session.backward(losses);
      const Array gradients = session.gradient(question.input_name());
      for (int64_t i = 0; i < n; ++i) {
        const auto gradient = image_of_batch(gradients, i);
        const double weight = nodes[static_cast<size_t>(first + i)].weight;
        for (size_t k = 0; k < mean.size(); ++k) mean[k] += weight * gradient[k];
      }
      progress.advance(n);
    });
    Array shares(question.input.shape);
    for (size_t k = 0; k < mean.size(); ++k)
      shares.values[k] = static_cast<float>((static_cast<double>(to[k]) - from.values[k]) * mean[k]);
    return shares;
  }

  static double score_of(const ClassQuestion& question, Session& session, const Array& image) {
    run_repeated(session, question.input_name(), image);
    const Array scores = session.value(question.model.output);
    return scores.values[static_cast<size_t>(question.target.index)];
  }

  int64_t points_ = 50;
  double baseline_ = 0;
};

const RegisterMethod<IntegratedGradients> integrated_gradients_registered(
    {.name = "integrated_gradients",
     .summary = "the class score above a baseline's, shared out among the pixels",
     .source = "Sundararajan, Taly and Yan 2017, arXiv:1703.01365"});

}  // namespace
}  // namespace convlens::viz
