#include "viz/attribution/batches.h"

#include <algorithm>

namespace convlens::viz {
namespace {

constexpr int64_t enough_at_once = 16;

size_t image_size(const Shape& s) { return static_cast<size_t>(s.c() * s.h() * s.w()); }

std::span<float> place(Array& batch, int64_t i) {
  const size_t size = image_size(batch.shape);
  return std::span(batch.values).subspan(static_cast<size_t>(i) * size, size);
}

Shape input_shape(const Session& session, const std::string& input) {
  return session.plan().values.at(input).desc.shape;
}

}  // namespace

int64_t fitting_batch(const Model& model, const PlanRequest& request, int64_t count) {
  PlanRequest single = request;
  single.batch = 1;
  const size_t bytes = std::max(make_plan(model, single).arena_bytes, size_t{1});
  const auto most = static_cast<int64_t>(device_api(request.device).available() / 2 / bytes);
  const int64_t largest = std::clamp<int64_t>(std::min(most, enough_at_once), 1, count);
  const int64_t parts = (count + largest - 1) / largest;
  return (count + parts - 1) / parts;
}

void run_repeated(Session& session, const std::string& input, const Array& image) {
  Array batch(input_shape(session, input));
  for (int64_t i = 0; i < batch.shape.n(); ++i) std::ranges::copy(image.values, place(batch, i).begin());
  session.set_input(input, batch);
  session.forward();
}

void run_batches(Session& session, const std::string& input, int64_t count,
                 const std::function<void(int64_t i, std::span<float> image)>& fill,
                 const std::function<void(int64_t first, int64_t n)>& use) {
  Array batch(input_shape(session, input));
  for (int64_t first = 0; first < count; first += batch.shape.n()) {
    const int64_t n = std::min(batch.shape.n(), count - first);
    for (int64_t i = 0; i < n; ++i) fill(first + i, place(batch, i));
    session.set_input(input, batch);
    session.forward();
    use(first, n);
  }
}

std::span<const float> image_of_batch(const Array& batch, int64_t i) {
  const size_t size = image_size(batch.shape);
  return std::span(batch.values).subspan(static_cast<size_t>(i) * size, size);
}

Array first_of_batch(const Array& batch) {
  Array first({1, batch.shape.c(), batch.shape.h(), batch.shape.w()});
  std::ranges::copy(image_of_batch(batch, 0), first.values.begin());
  return first;
}

}  // namespace convlens::viz
