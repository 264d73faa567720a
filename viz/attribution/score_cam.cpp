#include "viz/attribution/score_cam.h"

#include "viz/attribution/batches.h"
#include "viz/attribution/class_activation_map.h"
#include "viz/io/normalize.h"
#include "viz/io/resize.h"
#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

std::vector<int64_t> channels_that_vary(const Array& a) {
  std::vector<int64_t> list;
  for (int64_t k = 0; k < a.shape.c(); ++k) {
    const Range range = value_range(channel_image(a, k));
    if (range.high > range.low) list.push_back(k);
  }
  return list;
}

void write_masked(const Array& photo, const Image& channel, std::span<float> image) {
  const Image mask = resize(to_unit_range(channel), static_cast<int>(photo.shape.h()),
                            static_cast<int>(photo.shape.w()), Filter::bilinear);
  for (size_t i = 0; i < image.size(); ++i) image[i] = photo.values[i] * mask.values[i % mask.values.size()];
}

}  // namespace

Image score_cam(const ClassQuestion& question, Session& session, const Array& a) {
  const std::vector<int64_t> channels = channels_that_vary(a);
  std::vector<float> scores;
  Progress progress("score_cam", "channel", std::ssize(channels), question.display);
  run_batches(
      session, question.input_name(), std::ssize(channels),
      [&](int64_t i, std::span<float> image) {
        write_masked(question.input, channel_image(a, channels[static_cast<size_t>(i)]), image);
      },
      [&](int64_t, int64_t n) {
        const Array outputs = session.value(question.model.output);
        for (int64_t i = 0; i < n; ++i)
          scores.push_back(image_of_batch(outputs, i)[static_cast<size_t>(question.target.index)]);
        progress.advance(n);
      });
  std::vector<double> weights(static_cast<size_t>(a.shape.c()));
  if (channels.empty()) return weighted_channels(a, weights);
  const std::vector<double> shares = softmax(scores);
  for (size_t i = 0; i < channels.size(); ++i) weights[static_cast<size_t>(channels[i])] = shares[i];
  return weighted_channels(a, weights);
}

}  // namespace convlens::viz
