// smoothgrad: the gradient of the class score, averaged over noisy copies of the photo.
//
// With g_i = dS_c/dI at I + e_i, where the e_i are normal noise of standard deviation sigma * (max I - min I):
//
//   smoothgrad          M = 1/n sum_i g_i
//   smoothgrad_squared  M = 1/n sum_i g_i^2
//   vargrad             M = 1/n sum_i g_i^2 - (1/n sum_i g_i)^2
//
// (Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017; Hooker et al., "A Benchmark for Interpretability
// Methods in Deep Neural Networks", 2019; Adebayo et al., "Local Explanation Methods for Deep Neural Networks Lack
// Sensitivity to Parameter Values", 2018),
// each per pixel and colour; the map is the largest magnitude of the colours.
//
// The mean shows the score's sensitivity at a coarser scale than one photo's gradient, with less of its noise. VarGrad
// is blind to pixels that matter alike in all copies: of a linear network it shows nothing. All three depend on sigma:
// much noise shows what the network makes of noise.

#include <algorithm>
#include <random>

#include "kernels/base/params.h"
#include "viz/attribution/batches.h"
#include "viz/attribution/channels.h"
#include "viz/attribution/method.h"

namespace convlens::viz {
namespace {

enum class Moment { mean, mean_square, variance };

class SmoothGrad final : public AttributionMethod {
 public:
  void describe(ParamVisitor& v) override {
    v.choice<Moment>(
        {.name = "variant", .doc = "what is made of the copies' gradients"}, moment_,
        {{"smoothgrad", Moment::mean}, {"smoothgrad_squared", Moment::mean_square}, {"vargrad", Moment::variance}});
    v.field({.name = "n", .doc = "noisy copies", .min = 1, .max = 100000}, n_);
    v.field({.name = "sigma",
             .doc = "standard deviation of the noise, as a part of the photo's range of values",
             .min = 0,
             .max = 10},
            sigma_);
  }

  PlanRequest request(const Question& question) const override {
    PlanRequest request = question.base_request();
    request.losses = {question.model.output};
    request.gradients = {question.input_name()};
    request.batch = fitting_batch(question.model, request, n_);
    return request;
  }

  Attribution attribute(const ClassQuestion& question, Session& session) const override {
    const Array gradient = moment(question, session);
    return {.map = magnitudes(strongest_channel(gradient)), .arrays = {{"gradient", gradient}}};
  }

 private:
  Array moment(const ClassQuestion& question, Session& session) const {
    std::vector<double> sum(question.input.values.size()), squares(sum.size());
    for_each_gradient(question, session, [&](std::span<const float> gradient) {
      for (size_t i = 0; i < sum.size(); ++i) {
        sum[i] += gradient[i];
        squares[i] += static_cast<double>(gradient[i]) * gradient[i];
      }
    });
    Array result(question.input.shape);
    for (size_t i = 0; i < sum.size(); ++i) {
      const double mean = sum[i] / static_cast<double>(n_), square = squares[i] / static_cast<double>(n_);
      result.values[i] = static_cast<float>(moment_ == Moment::mean          ? mean
                                            : moment_ == Moment::mean_square ? square
                                                                             : std::max(square - mean * mean, 0.0));
    }
    return result;
  }

  void for_each_gradient(const ClassQuestion& question, Session& session,
                         const std::function<void(std::span<const float>)>& see) const {
    const auto [low, high] = std::ranges::minmax(question.input.values);
    std::mt19937_64 random(question.seed);
    std::normal_distribution<double> noise(0, sigma_ * (high - low));
    const auto fill = [&](int64_t, std::span<float> image) {
      std::ranges::transform(question.input.values, image.begin(),
                             [&](float value) { return static_cast<float>(value + (sigma_ > 0 ? noise(random) : 0)); });
    };
    Progress progress("smoothgrad", "copy", n_, question.display);
    run_batches(session, question.input_name(), n_, fill, [&](int64_t, int64_t n) {
      const Loss losses[] = {question.loss()};
      session.backward(losses);
      const Array gradients = session.gradient(question.input_name());
      for (int64_t i = 0; i < n; ++i) see(image_of_batch(gradients, i));
      progress.advance(n);
    });
  }

  Moment moment_ = Moment::mean;
  int64_t n_ = 25;
  double sigma_ = 0.15;
};

const RegisterMethod<SmoothGrad> smoothgrad_registered({.name = "smoothgrad",
                                                        .summary = "mean gradient over noisy copies of the photo",
                                                        .source = "Smilkov et al. 2017, arXiv:1706.03825"});

}  // namespace
}  // namespace convlens::viz
