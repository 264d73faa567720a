#include "viz/exact_numbers.h"

#include <algorithm>

#include "kernels/base/error.h"

namespace convlens::viz {

Json to_binary(std::span<const float> values) { return to_binary(std::as_bytes(values)); }

Json to_binary(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const uint8_t*>(bytes.data());
  return Json::binary({begin, begin + bytes.size()});
}

std::span<const std::byte> bytes_of(const Json& json) { return std::as_bytes(std::span(json.get_binary())); }

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
