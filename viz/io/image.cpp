#include "viz/io/image.h"

#define STBI_NO_STDIO
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

#include "kernels/base/error.h"
#include "viz/io/atomic_file.h"
#include "viz/io/exif.h"
#include "viz/io/jpeg.h"
#include "viz/io/pixels.h"
#include "viz/io/read_file.h"

namespace convlens::viz {
namespace {

[[noreturn]] void throw_cut_off(const std::string& name) {
  throw InputError("image '" + name + "' is cut off: its data ends before the picture is complete");
}

// Feeds stb_image and notices when it asks for more than there is: it would go on with zeros.
struct Reader {
  std::span<const std::byte> bytes;
  size_t position = 0;
  bool ran_out = false;

  int read(char* target, int size) {
    const size_t count = std::min(static_cast<size_t>(size), bytes.size() - position);
    if (count == 0) ran_out = true;
    std::copy_n(reinterpret_cast<const char*>(bytes.data()) + position, count, target);
    position += count;
    return static_cast<int>(count);
  }

  void skip(int count) {
    const int64_t target = static_cast<int64_t>(position) + count;
    if (target > static_cast<int64_t>(bytes.size())) ran_out = true;
    position = static_cast<size_t>(std::clamp<int64_t>(target, 0, static_cast<int64_t>(bytes.size())));
  }

  bool at_end() const { return position >= bytes.size(); }
};

constexpr stbi_io_callbacks reader_callbacks = {
    [](void* user, char* data, int size) { return static_cast<Reader*>(user)->read(data, size); },
    [](void* user, int count) { static_cast<Reader*>(user)->skip(count); },
    [](void* user) { return static_cast<int>(static_cast<Reader*>(user)->at_end()); },
};

uint8_t* load(Reader& reader, Pixels<uint8_t>& p) {
  return stbi_load_from_callbacks(&reader_callbacks, &reader, &p.width, &p.height, &p.channels, 0);
}

uint16_t* load(Reader& reader, Pixels<uint16_t>& p) {
  return stbi_load_16_from_callbacks(&reader_callbacks, &reader, &p.width, &p.height, &p.channels, 0);
}

template <typename Sample>
Pixels<Sample> decode_with_stb(std::span<const std::byte> bytes, const std::string& name) {
  Reader reader{bytes};
  Pixels<Sample> pixels;
  const std::unique_ptr<Sample, decltype(&stbi_image_free)> samples(load(reader, pixels), stbi_image_free);
  if (reader.ran_out) throw_cut_off(name);
  if (!samples) throw InputError("image '" + name + "' is damaged: " + stbi_failure_reason());
  pixels.samples.assign(samples.get(), samples.get() + size_t(pixels.height) * pixels.width * pixels.channels);
  return pixels;
}

// Interleaved samples -> planar floats, upright and over white.
template <typename Sample>
Image to_image(const Pixels<Sample>& pixels, Orientation orientation) {
  constexpr float white = std::numeric_limits<Sample>::max();
  const bool alpha = pixels.channels == 2 || pixels.channels == 4;
  const int rows = orientation.transpose ? pixels.width : pixels.height;
  const int columns = orientation.transpose ? pixels.height : pixels.width;
  Image image = make_image(pixels.channels - alpha, rows, columns);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const int stored_row = orientation.transpose ? x : y;
      const int stored_column = orientation.transpose ? y : x;
      const int row = orientation.flip_rows ? pixels.height - 1 - stored_row : stored_row;
      const int column = orientation.flip_columns ? pixels.width - 1 - stored_column : stored_column;
      const Sample* pixel = pixels.samples.data() + (size_t(row) * pixels.width + column) * pixels.channels;
      const float opacity = alpha ? pixel[image.channels] / white : 1.0f;
      for (int c = 0; c < image.channels; ++c) image.at(c, y, x) = pixel[c] / white * opacity + (1.0f - opacity);
    }
  }
  return image;
}

void require_png_or_bmp(std::span<const std::byte> bytes, const std::string& name) {
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  int width = 0, height = 0, channels = 0;
  if (!stbi_info_from_memory(data, static_cast<int>(bytes.size()), &width, &height, &channels)) {
    throw InputError("'" + name + "' is not an image that can be read: expected a whole JPEG, PNG or BMP file");
  }
  require_reasonable_size(width, height, name);
  // BMP is not compressed, deflate gains at most a factor of 1032, and a pixel has at least one bit.
  const int64_t most_pixels = static_cast<int64_t>(bytes.size()) * 8 * (bytes[0] == std::byte{'B'} ? 1 : 1032);
  if (int64_t{width} * height > most_pixels) throw_cut_off(name);
}

void require_writable(const Image& image) {
  const bool shaped = (image.channels == 1 || image.channels == 3) && image.height > 0 && image.width > 0 &&
                      image.values.size() == image.index(image.channels, 0, 0);
  if (!shaped) throw InternalError("a picture of shape " + shape_text(image) + " cannot become a PNG");
  if (std::ranges::any_of(image.values, [](float v) { return std::isnan(v); })) {
    throw InternalError("a picture of shape " + shape_text(image) + " holds NaN values and cannot become a PNG");
  }
}

std::vector<uint8_t> to_interleaved_bytes(const Image& image) {
  std::vector<uint8_t> bytes;
  bytes.reserve(image.values.size());
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        bytes.push_back(static_cast<uint8_t>(std::clamp(image.at(c, y, x), 0.0f, 1.0f) * 255.0f + 0.5f));
      }
    }
  }
  return bytes;
}

}  // namespace

Image make_image(int channels, int height, int width, float fill) {
  return {channels, height, width, std::vector<float>(size_t(channels) * height * width, fill)};
}

std::string shape_text(const Image& image) {
  return std::to_string(image.channels) + " x " + std::to_string(image.height) + " x " + std::to_string(image.width);
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.empty()) throw InputError("image '" + name + "' is an empty file");
  if (bytes.size() > std::numeric_limits<int>::max()) throw InputError("image '" + name + "' is larger than 2 GiB");
  if (is_jpeg(bytes)) return to_image(decode_jpeg(bytes, name), exif_orientation(bytes));

  require_png_or_bmp(bytes, name);
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const bool deep = stbi_is_16_bit_from_memory(data, static_cast<int>(bytes.size()));
  return deep ? to_image(decode_with_stb<uint16_t>(bytes, name), {})
              : to_image(decode_with_stb<uint8_t>(bytes, name), {});
}

Image read_image(const std::filesystem::path& path) { return decode_image(read_file(path), path.string()); }

std::vector<std::byte> encode_png(const Image& image) {
  require_writable(image);
  const std::vector<uint8_t> samples = to_interleaved_bytes(image);
  std::vector<std::byte> png;
  const auto append = [](void* context, void* data, int size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(context)->insert(static_cast<std::vector<std::byte>*>(context)->end(), bytes,
                                                          bytes + size);
  };
  const int row_bytes = image.width * image.channels;
  if (!stbi_write_png_to_func(append, &png, image.width, image.height, image.channels, samples.data(), row_bytes)) {
    throw InternalError("not enough memory to encode a picture of shape " + shape_text(image) + " as PNG");
  }
  return png;
}

Image rounded_to_8_bits(const Image& image) { return decode_image(encode_png(image), "an image in 8 bits"); }

void write_png(const std::filesystem::path& path, const Image& image) { write_file(path, encode_png(image)); }

Image to_rgb(const Image& image) {
  if (image.channels == 3) return image;
  Image rgb = make_image(3, image.height, image.width);
  for (int c = 0; c < 3; ++c) std::ranges::copy(image.values, rgb.row(c, 0).begin());
  return rgb;
}

Image clamp(Image image, float low, float high) {
  for (float& value : image.values) value = std::clamp(value, low, high);
  return image;
}

}  // namespace convlens::viz
