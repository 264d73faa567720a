#include "engine/device_memory.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace convlens {
namespace {

size_t weight_bytes(const Plan& plan) {
  std::map<const float*, size_t> bytes;  // layers may share weights
  for (const Step& step : plan.steps)
    if (step.kernel)
      for (size_t i = 0; i < step.source->weights.size(); ++i)
        bytes[step.source->weights[i].data.get()] = step.problem.weights[i].bytes();
  size_t sum = 0;
  for (const auto& [weight, size] : bytes) sum += size;
  return sum;
}

/// A request with its image made smaller.
class SmallerImages {
 public:
  SmallerImages(const Model& model, const PlanRequest& request, const InputSpec& input)
      : model_(model), request_(request), input_(input) {
    const auto it = request.input_shapes.find(input.name);
    asked_ = it == request.input_shapes.end() ? input.shape : it->second;
  }

  Shape shape(int64_t height) const {
    return {1, asked_.c(), height, std::max<int64_t>(1, asked_.w() * height / asked_.h())};
  }

  /// Nothing, if the model does not take that size.
  std::optional<size_t> bytes(int64_t height) const {
    PlanRequest request = request_;
    request.input_shapes[input_.name] = shape(height);
    try {
      return device_bytes(make_plan(model_, request));
    } catch (const InputError&) {
      return std::nullopt;
    }
  }

  int64_t asked_height() const { return asked_.h(); }

 private:
  const Model& model_;
  const PlanRequest& request_;
  const InputSpec& input_;
  Shape asked_;
};

}  // namespace

bool uses_weights_in_place(const Plan& plan) { return plan.device == Device::cpu; }

size_t device_bytes(const Plan& plan) {
  return plan.arena_bytes + plan.packed_bytes + (uses_weights_in_place(plan) ? 0 : weight_bytes(plan));
}

std::optional<Shape> largest_image_that_fits(const Model& model, const PlanRequest& request, size_t bytes) {
  const auto input = std::ranges::find(model.inputs, InputSpec::Kind::image, &InputSpec::kind);
  if (input == model.inputs.end()) return std::nullopt;
  const SmallerImages images(model, request, *input);
  const auto too_large = [&](int64_t height) {
    const auto needed = images.bytes(height);
    return needed && *needed > bytes;
  };
  // A smaller image takes less memory, but for kernels that keep more where there is less to do with it: so the search
  // comes down in steps of a tenth, and halves the last one.
  int64_t high = images.asked_height(), low = high;
  for (; low > 0 && too_large(low); low = low * 9 / 10) high = low - 1;
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    if (too_large(middle))
      high = middle - 1;
    else
      low = middle;
  }
  for (int64_t height = low; height > 0; --height) {
    const auto needed = images.bytes(height);
    if (needed && *needed <= bytes) return images.shape(height);
  }
  return std::nullopt;
}

}  // namespace convlens
