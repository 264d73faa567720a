#include "viz/io/jpeg.h"

#include <turbojpeg.h>

#include <memory>
#include <string_view>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

using Decoder = std::unique_ptr<void, decltype(&tjDestroy)>;

[[noreturn]] void throw_damaged(const Decoder& decoder, const std::string& name) {
  const std::string reason = tjGetErrorStr2(decoder.get());
  const bool cut = reason.find("remature end") != std::string::npos;
  throw InputError("image '" + name + "' is " + (cut ? "cut off" : "damaged") + ": " + reason);
}

// libjpeg reports flaws that it can live with as warnings; only missing data is no picture.
bool is_harmless_warning(const Decoder& decoder) {
  const std::string_view reason = tjGetErrorStr2(decoder.get());
  return tjGetErrorCode(decoder.get()) == TJERR_WARNING && reason.find("remature end") == std::string_view::npos;
}

// Adobe's convention, which such files follow: samples are inverted, 255 is no ink.
Pixels<uint8_t> inverted_cmyk_to_rgb(const Pixels<uint8_t>& cmyk) {
  Pixels<uint8_t> rgb{cmyk.height, cmyk.width, 3};
  rgb.samples.reserve(cmyk.samples.size() / 4 * 3);
  for (size_t i = 0; i < cmyk.samples.size(); i += 4) {
    for (size_t c = 0; c < 3; ++c) {
      rgb.samples.push_back(static_cast<uint8_t>((cmyk.samples[i + c] * cmyk.samples[i + 3] + 127) / 255));
    }
  }
  return rgb;
}

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8};
}

Pixels<uint8_t> decode_jpeg(std::span<const std::byte> bytes, const std::string& name) {
  const Decoder decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) throw InternalError("not enough memory to read image '" + name + "'");
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto size = static_cast<unsigned long>(bytes.size());

  Pixels<uint8_t> pixels;
  int subsampling = 0, color_space = 0;
  if (tjDecompressHeader3(decoder.get(), data, size, &pixels.width, &pixels.height, &subsampling, &color_space) != 0) {
    throw_damaged(decoder, name);
  }
  require_reasonable_size(pixels.width, pixels.height, name);

  const bool cmyk = color_space == TJCS_CMYK || color_space == TJCS_YCCK;
  const int format = color_space == TJCS_GRAY ? TJPF_GRAY : cmyk ? TJPF_CMYK : TJPF_RGB;
  pixels.channels = tjPixelSize[format];
  pixels.samples.resize(size_t(pixels.height) * pixels.width * pixels.channels);
  const int decoded = tjDecompress2(decoder.get(), data, size, pixels.samples.data(), pixels.width, 0, pixels.height,
                                    format, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  if (decoded != 0 && !is_harmless_warning(decoder)) throw_damaged(decoder, name);
  return cmyk ? inverted_cmyk_to_rgb(pixels) : pixels;
}

}  // namespace convlens::viz
