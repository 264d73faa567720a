#include "viz/attribution/insertion_deletion.h"

#include <algorithm>
#include <numeric>

#include "kernels/base/params.h"
#include "kernels/base/registry.h"
#include "viz/attribution/batches.h"

namespace convlens::viz {
namespace {

// A network of one layer does it: the blur is an operator already.
Array blur(const Array& image, double sigma, Device device) {
  Model model;
  model.name = "blur";
  model.inputs = {{.name = "image", .shape = image.shape}};
  Layer layer{.name = "blurred", .op = &operator_by_name("gaussian_blur"), .inputs = {"image"}};
  layer.params = layer.op->new_params();
  read_params(*layer.params, {{"sigma", sigma}}, model.name, "");
  model.layers = {layer};
  model.output = layer.name;
  Session session(model, {.device = device, .observe = {layer.name}});
  session.set_input("image", image);
  session.forward();
  return session.value(layer.name);
}

}  // namespace

InsertionDeletion::InsertionDeletion(const ClassQuestion& question, int64_t steps)
    : question_(question), steps_(steps), empty_(question.input.shape) {
  const auto side = static_cast<double>(std::min(question.input.shape.h(), question.input.shape.w()));
  blurred_ = blur(question.input, 5 * side / 224, question.device);
}

PlanRequest InsertionDeletion::request(const Question& question, int64_t steps) {
  PlanRequest request = question.base_request();
  request.batch = fitting_batch(question.model, request, steps + 1);
  return request;
}

CausalCurves InsertionDeletion::curves(const std::vector<size_t>& order, Session& session) const {
  return {.insertion = curve(blurred_, question_.input, order, session),
          .deletion = curve(question_.input, empty_, order, session)};
}

std::vector<double> InsertionDeletion::curve(const Array& from, const Array& to, const std::vector<size_t>& order,
                                             Session& session) const {
  const auto fill = [&](int64_t step, std::span<float> image) {
    std::ranges::copy(from.values, image.begin());
    const size_t moved = order.size() * static_cast<size_t>(step) / static_cast<size_t>(steps_);
    for (size_t c = 0; c < image.size(); c += order.size())
      for (size_t i = 0; i < moved; ++i) image[c + order[i]] = to.values[c + order[i]];
  };
  std::vector<double> probabilities;
  run_batches(session, question_.input_name(), steps_ + 1, fill, [&](int64_t, int64_t n) {
    const Array scores = session.value(question_.model.output);
    for (int64_t i = 0; i < n; ++i)
      probabilities.push_back(softmax(image_of_batch(scores, i))[static_cast<size_t>(question_.target.index)]);
  });
  return probabilities;
}

std::vector<size_t> pixels_by_importance(const Image& map) {
  std::vector<size_t> order(map.values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t i) { return map.values[i]; });
  return order;
}

double area_under(const std::vector<double>& curve) {
  const double sum = std::accumulate(curve.begin(), curve.end(), 0.0) - (curve.front() + curve.back()) / 2;
  return sum / static_cast<double>(curve.size() - 1);
}

}  // namespace convlens::viz
