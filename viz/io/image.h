#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace convlens::viz {

/// A picture of C x H x W floats, planar: all of channel 0 row by row, then channel 1, ...
/// Three channels are red, green, blue; one channel is grey. Photos hold values 0 (black) .. 1 (white); maps on their
/// way to the screen may hold any finite value until one of normalize.h's functions brings them to that range.
struct Image {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<float> values;

  size_t index(int channel, int y, int x) const {
    return (static_cast<size_t>(channel) * height + y) * static_cast<size_t>(width) + x;
  }
  float& at(int channel, int y, int x) { return values[index(channel, y, x)]; }
  float at(int channel, int y, int x) const { return values[index(channel, y, x)]; }
  std::span<const float> row(int channel, int y) const { return {values.data() + index(channel, y, 0), size_t(width)}; }
  std::span<float> row(int channel, int y) { return {values.data() + index(channel, y, 0), size_t(width)}; }
};

/// An image of that shape with every value set to `fill`.
Image make_image(int channels, int height, int width, float fill = 0.0f);

/// "3 x 480 x 640", for messages.
std::string shape_text(const Image& image);

/// Reads a JPEG, PNG or BMP file. Grey files give one channel, all others three. Transparent pixels are laid over
/// white; 16-bit samples keep all their bits; a JPEG's EXIF orientation is applied, so that the picture stands upright.
/// Throws InputError naming the file when it is missing, no image, cut off, or above 2^27 pixels.
Image read_image(const std::filesystem::path& path);

/// The same from the bytes of such a file; `name` stands for it in messages.
Image decode_image(std::span<const std::byte> bytes, const std::string& name);

/// The bytes of a PNG file with 8 bits a sample (one or three channels): values are clamped to 0..1 and rounded to the
/// nearest of 256 levels. Throws InternalError when a value is NaN or the shape is not that of an image.
std::vector<std::byte> encode_png(const Image& image);

/// The image as its PNG holds it: what is judged of a picture is judged of this.
Image rounded_to_8_bits(const Image& image);

/// Writes encode_png's bytes; the file appears whole or not at all (see AtomicFile, whose errors apply).
void write_png(const std::filesystem::path& path, const Image& image);

/// Three equal channels from a grey image; an RGB image is returned as it is.
Image to_rgb(const Image& image);

/// Every value limited to low..high.
Image clamp(Image image, float low = 0.0f, float high = 1.0f);

}  // namespace convlens::viz
