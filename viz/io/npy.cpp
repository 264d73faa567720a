#include "viz/io/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/base/error.h"
#include "viz/io/atomic_file.h"
#include "viz/io/read_file.h"

// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

namespace convlens::viz {
namespace {

static_assert(std::endian::native == std::endian::little, "the values are written as they lie in memory");

constexpr std::string_view magic = "\x93NUMPY";

// The number of values of that shape, or nothing when a size is negative or the product is absurd.
std::optional<size_t> element_count(std::span<const int64_t> shape) {
  constexpr int64_t limit = int64_t{1} << 48;
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || (size > 0 && count > limit / size)) return std::nullopt;
    count *= size;
  }
  return static_cast<size_t>(count);
}

// The text after "'key':" in the header's Python dictionary.
std::optional<std::string_view> value_of(std::string_view dictionary, std::string_view key) {
  const size_t found = dictionary.find("'" + std::string(key) + "'");
  if (found == std::string_view::npos) return std::nullopt;
  const size_t colon = dictionary.find(':', found);
  if (colon == std::string_view::npos) return std::nullopt;
  const size_t begin = dictionary.find_first_not_of(' ', colon + 1);
  if (begin == std::string_view::npos) return std::nullopt;
  return dictionary.substr(begin);
}

std::optional<std::vector<int64_t>> parse_shape(std::string_view text) {
  if (text.empty() || text.front() != '(') return std::nullopt;
  text = text.substr(1, text.find(')') - 1);
  std::vector<int64_t> shape;
  while (true) {
    const size_t begin = text.find_first_not_of(", ");
    if (begin == std::string_view::npos) return shape;
    text.remove_prefix(begin);
    int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{}) return std::nullopt;
    shape.push_back(size);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
}

}  // namespace

std::string npy_header(std::string_view type, std::span<const int64_t> shape) {
  std::string dimensions;
  for (const int64_t size : shape) dimensions += std::to_string(size) + ", ";
  // A tuple of one needs its comma; of more, NumPy writes none at the end.
  if (!shape.empty()) dimensions.resize(dimensions.size() - (shape.size() == 1 ? 1 : 2));
  std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (" + dimensions + "), }";

  constexpr size_t preamble = 10, alignment = 64;
  const size_t length = (preamble + text.size() + 1 + alignment - 1) / alignment * alignment - preamble;
  text.resize(length - 1, ' ');
  text += '\n';
  const char size_bytes[] = {static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return std::string(magic) + std::string("\x01\x00", 2) + std::string(size_bytes, 2) + text;
}

void write_npy(const std::filesystem::path& path, std::span<const int64_t> shape, std::span<const float> values) {
  write_npy(path, "<f4", shape, std::as_bytes(values));
}

void write_npy(const std::filesystem::path& path, std::string_view type, std::span<const int64_t> shape,
               std::span<const std::byte> bytes) {
  const auto value_bytes = static_cast<size_t>(type.back() - '0');
  const auto count = element_count(shape);
  if (!count || *count * value_bytes != bytes.size()) {
    throw InternalError("'" + path.string() + "' cannot be written: its shape does not fit its " +
                        std::to_string(bytes.size() / value_bytes) + " values");
  }
  AtomicFile file(path);
  file.write(npy_header(type, shape));
  file.write(bytes);
  file.commit();
}

NpyArray read_npy(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  const auto refuse = [&](const std::string& found) -> InputError {
    return InputError("'" + path.string() + "' is not a .npy file of float32 in C order: " + found);
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(magic) || text.size() < 12) throw refuse("it does not begin with a .npy header");

  const auto byte_at = [&](size_t i) { return static_cast<size_t>(bytes[i]); };
  const bool short_length = byte_at(6) == 1;
  const size_t begin = short_length ? 10 : 12;
  const size_t length = byte_at(8) | byte_at(9) << 8 | (short_length ? 0 : byte_at(10) << 16 | byte_at(11) << 24);
  if (text.size() < begin + length) throw refuse("its header is cut off");
  const std::string_view dictionary = text.substr(begin, length);

  const auto type = value_of(dictionary, "descr");
  if (!type || !type->starts_with("'<f4'")) throw refuse("its values are of another type");
  const auto order = value_of(dictionary, "fortran_order");
  if (!order || !order->starts_with("False")) throw refuse("it is in Fortran order");
  const auto shape = parse_shape(value_of(dictionary, "shape").value_or(""));
  const auto count = shape ? element_count(*shape) : std::nullopt;
  if (!count) throw refuse("its shape cannot be understood");
  if (text.size() - begin - length != *count * sizeof(float)) {
    throw refuse("its shape asks for " + std::to_string(*count * sizeof(float)) + " bytes of values, but it holds " +
                 std::to_string(text.size() - begin - length));
  }
  NpyArray array{*shape, std::vector<float>(*count)};
  if (*count > 0) std::memcpy(array.values.data(), bytes.data() + begin + length, *count * sizeof(float));
  return array;
}

}  // namespace convlens::viz
