#include "engine/losses.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"

namespace convlens {
namespace {

void check_index(const std::string& layer, const char* what, int64_t index, int64_t size) {
  if (index < 0 || index >= size)
    throw InputError("layer '" + layer + "' has " + std::to_string(size) + " " + what + ", so there is no number " +
                     std::to_string(index) + " (the first is 0)");
}

// -log softmax(score)[label], to whose gradient times `factor` it adds: factor * (softmax(score) - [c = label]).
double add_cross_entropy(const float* score, int64_t classes, int64_t label, double factor, float* gradient) {
  const double greatest = *std::max_element(score, score + classes);
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(score[c] - greatest);
  for (int64_t c = 0; c < classes; ++c)
    gradient[c] += static_cast<float>(factor * (std::exp(score[c] - greatest) / sum - (c == label ? 1 : 0)));
  return std::log(sum) - (score[label] - greatest);
}

}  // namespace

Loss class_score(std::string layer, int64_t channel) { return neuron(std::move(layer), channel, 0, 0); }

Loss neuron(std::string layer, int64_t channel, int64_t y, int64_t x) {
  return {.layer = layer,
          .evaluate =
              [=](const Array& value, Array& gradient) {
                check_index(layer, "channels", channel, value.shape.c());
                check_index(layer, "rows", y, value.shape.h());
                check_index(layer, "columns", x, value.shape.w());
                double sum = 0;
                for (int64_t n = 0; n < value.shape.n(); ++n) {
                  const auto i = static_cast<size_t>(value.view().desc.offset(n, channel, y, x));
                  sum += value.values[i];
                  gradient.values[i] += 1;
                }
                return sum;
              },
          .is_linear = true};
}

Loss projection(std::string layer, Array direction) {
  return {
      .layer = std::move(layer),
      .evaluate =
          [direction = std::move(direction)](const Array& value, Array& gradient) {
            if (value.shape != direction.shape)
              throw InternalError("a projection of " + value.shape.to_string() + " on " + direction.shape.to_string());
            double sum = 0;
            for (size_t i = 0; i < value.values.size(); ++i) {
              sum += static_cast<double>(value.values[i]) * direction.values[i];
              gradient.values[i] += direction.values[i];
            }
            return sum;
          },
      .is_linear = true};
}

Loss cross_entropy(std::string layer, std::vector<int64_t> labels) {
  return {.layer = layer, .evaluate = [=](const Array& value, Array& gradient) {
            const int64_t images = value.shape.n(), classes = value.shape.c();
            if (value.shape != Shape{static_cast<int64_t>(labels.size()), classes, 1, 1})
              throw InputError("cross entropy of " + std::to_string(labels.size()) + " labels needs a layer " +
                               Shape{static_cast<int64_t>(labels.size()), classes, 1, 1}.to_string() + ", and '" +
                               layer + "' is " + value.shape.to_string());
            double sum = 0;
            for (int64_t n = 0; n < images; ++n) {
              const int64_t label = labels[static_cast<size_t>(n)];
              check_index(layer, "channels", label, classes);
              sum += add_cross_entropy(value.values.data() + n * classes, classes, label,
                                       1 / static_cast<double>(images), gradient.values.data() + n * classes);
            }
            return sum / static_cast<double>(images);
          }};
}

}  // namespace convlens
