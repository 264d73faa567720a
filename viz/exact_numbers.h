#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/base/json.h"

namespace convlens::viz {

/// Numbers as the bytes that they are, for states that are kept as CBOR and come back to the same bits.
Json to_binary(std::span<const float> values);
Json to_binary(std::span<const std::byte> bytes);
std::vector<float> from_binary(const Json& json);  ///< throws Json::exception when it holds no such bytes

/// Of to_binary, as long as `json` lives. Throws Json::exception.
std::span<const std::byte> bytes_of(const Json& json);

/// The same as from_binary into memory. Throws InputError when there are not as many.
void copy_exactly(const Json& json, std::span<float> to);

}  // namespace convlens::viz
