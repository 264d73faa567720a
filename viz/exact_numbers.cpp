#include "viz/exact_numbers.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace convlens::viz {

Json to_binary(std::span<const float> values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  return Json::binary({bytes, bytes + values.size_bytes()});
}

std::vector<float> from_binary(const Json& json) {
  const auto& bytes = json.get_binary();
  std::vector<float> values(bytes.size() / sizeof(float));
  std::copy_n(bytes.data(), values.size() * sizeof(float), reinterpret_cast<uint8_t*>(values.data()));
  return values;
}

void copy_exactly(const Json& json, std::span<float> to) {
  const std::vector<float> values = from_binary(json);
  if (values.size() != to.size()) throw InputError("the checkpoint is of another network");
  std::ranges::copy(values, to.begin());
}

}  // namespace convlens::viz
