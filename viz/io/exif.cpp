#include "viz/io/exif.h"

#include <libexif/exif-data.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace convlens::viz {
namespace {

constexpr std::string_view exif_header("Exif\0\0", 6);

// The contents of the JPEG's EXIF segment, which may stand behind others; empty when there is none.
std::string_view exif_segment(std::string_view jpeg) {
  constexpr char start_of_scan = '\xda', app1 = '\xe1';
  constexpr size_t segment_header = 4;
  size_t position = 2;
  while (position + segment_header <= jpeg.size() && jpeg[position] == '\xff') {
    const char marker = jpeg[position + 1];
    const size_t length = static_cast<uint8_t>(jpeg[position + 2]) << 8 | static_cast<uint8_t>(jpeg[position + 3]);
    if (marker == start_of_scan || length < 2) return {};
    const std::string_view content = jpeg.substr(position + segment_header, length - 2);
    if (marker == app1 && content.starts_with(exif_header)) return content;
    position += 2 + length;
  }
  return {};
}

int orientation_tag(std::string_view segment) {
  const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(
      exif_data_new_from_data(reinterpret_cast<const unsigned char*>(segment.data()),
                              static_cast<unsigned>(segment.size())),
      exif_data_unref);
  if (!data) return 1;
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  const bool usable = entry && entry->format == EXIF_FORMAT_SHORT && entry->components == 1 && entry->size >= 2;
  return usable ? exif_get_short(entry->data, exif_data_get_byte_order(data.get())) : 1;
}

}  // namespace

Orientation exif_orientation(std::span<const std::byte> jpeg) {
  // EXIF 2.3, tag 0x0112: which side of the scene the stored row 0 and column 0 are.
  constexpr std::array<Orientation, 9> orientations = {{
      {},                    // 0 is not defined
      {},                    // 1: top, left
      {false, false, true},  // 2: top, right
      {false, true, true},   // 3: bottom, right
      {false, true, false},  // 4: bottom, left
      {true, false, false},  // 5: left, top
      {true, true, false},   // 6: right, top
      {true, true, true},    // 7: right, bottom
      {true, false, true},   // 8: left, bottom
  }};
  const std::string_view segment = exif_segment({reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
  const auto tag = segment.empty() ? size_t{1} : static_cast<size_t>(orientation_tag(segment));
  return tag < orientations.size() ? orientations[tag] : Orientation{};
}

}  // namespace convlens::viz
