#include "viz/io/image.h"

#include <gtest/gtest.h>
#include <stb/stb_image_write.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/base/error.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz_io/data_file.h"
#include "tests/viz_io/error_of.h"
#include "viz/io/atomic_file.h"
#include "viz/io/npy.h"
#include "viz/io/read_file.h"

namespace convlens::viz {
namespace {

using test::TemporaryFolder;

using Bytes = std::vector<std::byte>;

void append(void* bytes, void* data, int size) {
  const auto* begin = static_cast<const std::byte*>(data);
  static_cast<Bytes*>(bytes)->insert(static_cast<Bytes*>(bytes)->end(), begin, begin + size);
}

Bytes to_bytes(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// 48 x 32 pixels whose quarters are red, green / blue, white.
Bytes quarters_jpeg() {
  constexpr int height = 32, width = 48;
  std::vector<unsigned char> rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool down = y >= height / 2, right = x >= width / 2;
      for (const bool lit : {down == right, right, down}) rgb.push_back(lit ? 255 : 0);
    }
  }
  Bytes jpeg;
  stbi_write_jpg_to_func(append, &jpeg, width, height, 3, rgb.data(), 95);
  return jpeg;
}

Bytes segment(unsigned char marker, const std::string& content) {
  const size_t size = content.size() + 2;
  return to_bytes(
      std::string{'\xff', static_cast<char>(marker), static_cast<char>(size >> 8), static_cast<char>(size)} + content);
}

// APP1 with a TIFF header and one directory of one entry: tag 0x0112, SHORT, one value.
Bytes exif_segment(int orientation, bool big_endian) {
  const auto number = [&](int value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i));
    return text;
  };
  const std::string tiff = std::string(big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) +
                           number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + number(0, 2) +
                           number(0, 4);
  return segment(0xe1, std::string("Exif\0\0", 6) + tiff);
}

Bytes with_segment(Bytes jpeg, const Bytes& segment) {
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

// The quarters' colours as letters: top left, top right, bottom left, bottom right.
std::string quarters(const Image& image) {
  std::string letters;
  for (const int y : {image.height / 4, image.height * 3 / 4}) {
    for (const int x : {image.width / 4, image.width * 3 / 4}) {
      const bool red = image.at(0, y, x) > 0.5f, green = image.at(1, y, x) > 0.5f, blue = image.at(2, y, x) > 0.5f;
      letters += red && green && blue ? 'W' : red ? 'R' : green ? 'G' : blue ? 'B' : '?';
    }
  }
  return letters;
}

std::string decode_error(const Bytes& bytes) {
  return error_of<InputError>([&] { decode_image(bytes, "photo.x"); });
}

TEST(ReadImage, HonoursEveryExifOrientation) {
  // EXIF 2.3: for value 6, row 0 is the visual right-hand side and column 0 the visual top, and so on.
  constexpr std::array<const char*, 9> upright = {"RGBW", "RGBW", "GRWB", "WBGR", "BWRG",
                                                  "RBGW", "BRWG", "WGBR", "GWRB"};
  for (int orientation = 0; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const Bytes jpeg = with_segment(quarters_jpeg(), exif_segment(orientation, big_endian));
      const Image image = decode_image(jpeg, "photo.jpg");
      EXPECT_EQ(quarters(image), upright[orientation]) << "orientation " << orientation;
      EXPECT_EQ(image.height, orientation >= 5 ? 48 : 32) << "orientation " << orientation;
      EXPECT_EQ(image.width, orientation >= 5 ? 32 : 48) << "orientation " << orientation;
    }
  }
}

TEST(ReadImage, FindsOrientationBehindOtherSegments) {
  const Bytes exif = with_segment(quarters_jpeg(), exif_segment(6, false));
  const std::string xmp = std::string("http://ns.adobe.com/xap/1.0/\0", 29) + "<x:xmpmeta/>";
  EXPECT_EQ(quarters(decode_image(with_segment(exif, segment(0xe1, xmp)), "photo.jpg")), "BRWG");
  EXPECT_EQ(quarters(decode_image(with_segment(exif, segment(0xfe, "a comment")), "photo.jpg")), "BRWG");
}

TEST(ReadImage, IgnoresBrokenExif) {
  EXPECT_EQ(quarters(decode_image(quarters_jpeg(), "photo.jpg")), "RGBW");
  EXPECT_EQ(quarters(decode_image(with_segment(quarters_jpeg(), exif_segment(77, false)), "photo.jpg")), "RGBW");
  const Bytes cut = segment(0xe1, std::string("Exif\0\0MM", 8));
  EXPECT_EQ(quarters(decode_image(with_segment(quarters_jpeg(), cut), "photo.jpg")), "RGBW");
}

TEST(ReadImage, KeepsAllSixteenBits) {
  const Image grey = read_image(data_file("grey16.png"));
  ASSERT_EQ(shape_text(grey), "1 x 3 x 4");
  for (int i = 0; i < 12; ++i) EXPECT_EQ(grey.values[i], float(i * 5461 + 3) / 65535.0f);

  const Image rgb = read_image(data_file("rgb16.png"));
  ASSERT_EQ(shape_text(rgb), "3 x 2 x 2");
  for (int i = 0; i < 12; ++i) EXPECT_EQ(rgb.at(i % 3, i / 6, i / 3 % 2), float(i * 5461 + 3) / 65535.0f);
}

TEST(ReadImage, LaysTransparencyOverWhite) {
  const Image grey = read_image(data_file("grey_alpha8.png"));
  ASSERT_EQ(shape_text(grey), "1 x 1 x 3");
  EXPECT_EQ(grey.values[0], 100 / 255.0f);
  EXPECT_EQ(grey.values[1], 1.0f);
  EXPECT_NEAR(grey.values[2], 0.2 * 100 / 255 + 0.8, 1e-6);

  const Image rgb = read_image(data_file("rgb_alpha8.png"));
  ASSERT_EQ(shape_text(rgb), "3 x 1 x 3");
  const std::array<float, 9> expected = {1, 0.6f, 1, 0, 1, 1, 0, 0.6f, 1};
  for (int i = 0; i < 9; ++i) EXPECT_NEAR(rgb.values[i], expected[i], 1e-6) << i;

  const Image deep = read_image(data_file("rgb_alpha16.png"));
  const double opacity = 32768 / 65535.0;
  EXPECT_NEAR(deep.values[0], 1.0, 1e-6);
  EXPECT_NEAR(deep.values[1], 1.0 - opacity, 1e-6);
  EXPECT_NEAR(deep.values[2], 1.0 - opacity + opacity * 1000 / 65535, 1e-6);
}

TEST(ReadImage, ReadsPalettes) {
  const Image image = read_image(data_file("palette.png"));
  ASSERT_EQ(shape_text(image), "3 x 1 x 3");
  for (int i = 0; i < 9; ++i) EXPECT_EQ(image.at(i % 3, 0, i / 3), float(10 * (i + 1)) / 255.0f);
}

TEST(ReadImage, ReadsBmp) {
  const std::array<unsigned char, 6> rgb = {10, 20, 30, 40, 50, 60};
  Bytes bmp;
  stbi_write_bmp_to_func(append, &bmp, 2, 1, 3, rgb.data());
  const Image image = decode_image(bmp, "a.bmp");
  ASSERT_EQ(shape_text(image), "3 x 1 x 2");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(image.at(i % 3, 0, i / 3), float(rgb[i]) / 255.0f);
}

TEST(ReadImage, AcceptsSpacesAndNonAsciiLetters) {
  const TemporaryFolder folder;
  const auto path = folder / "schöne Katze, 写真 1.png";
  write_png(path, make_image(1, 2, 3, 0.5f));
  EXPECT_EQ(shape_text(read_image(path)), "1 x 2 x 3");
}

TEST(ReadImage, NamesTheFileThatIsMissingOrNoImage) {
  const TemporaryFolder folder;
  const std::string missing = error_of<InputError>([&] { read_image(folder / "none.png"); });
  EXPECT_NE(missing.find("none.png' does not exist"), std::string::npos) << missing;
  write_file(folder / "text.png", "this is no picture, whatever its name says");
  const std::string text = error_of<InputError>([&] { read_image(folder / "text.png"); });
  EXPECT_NE(text.find("text.png' is not an image"), std::string::npos) << text;
  write_file(folder / "empty.png", "");
  const std::string empty = error_of<InputError>([&] { read_image(folder / "empty.png"); });
  EXPECT_NE(empty.find("empty.png' is an empty file"), std::string::npos) << empty;
}

TEST(ReadImage, RefusesEveryTruncation) {
  Image noise = make_image(3, 16, 16);
  for (size_t i = 0; i < noise.values.size(); ++i) noise.values[i] = float(i * 7919 % 1009) / 1008.0f;
  const std::array<unsigned char, 12> rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  Bytes bmp;
  stbi_write_bmp_to_func(append, &bmp, 2, 2, 3, rgb.data());
  for (const Bytes& whole : {quarters_jpeg(), encode_png(noise), read_file(data_file("rgb16.png")), bmp}) {
    decode_image(whole, "photo.x");
    // The last 12 bytes of a PNG are its end mark: all but its checksum is needed.
    const bool png = whole[0] == std::byte{0x89};
    for (size_t size = 0; size < whole.size() - (png ? 4 : 0); ++size) {
      const std::string error = decode_error(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      ASSERT_NE(error.find("photo.x"), std::string::npos) << "cut to " << size << " bytes: " << error;
    }
  }
}

TEST(ReadImage, RefusesAnAbsurdSizeBeforeItAllocates) {
  Bytes png = encode_png(make_image(1, 1, 1));
  for (const size_t dimension : {16, 20}) png[dimension + 2] = std::byte{0x40};
  const std::string error = decode_error(png);
  EXPECT_NE(error.find("at most 2^27"), std::string::npos) << error;
}

// Found by fuzzing: a Huffman table of more than 256 codes, an empty IDAT chunk, a BMP of far more pixels than bytes.
TEST(ReadImage, SurvivesWhatFuzzingFound) {
  for (const char* file : {"long_huffman_table.jpg", "empty_idat.png", "vast.bmp"}) {
    const std::string error = error_of<InputError>([&] { read_image(data_file(file)); });
    EXPECT_NE(error.find(file), std::string::npos) << error;
  }
}

TEST(ReadImage, ReadsProgressiveAndCmykJpegAsPillowDoes) {
  for (const std::string name : {"progressive", "cmyk"}) {
    const NpyArray golden = read_npy(data_file(name + ".npy"));
    const Image image = read_image(data_file(name + ".jpg"));
    ASSERT_EQ(golden.shape, (std::vector<int64_t>{3, image.height, image.width}));
    for (size_t i = 0; i < golden.values.size(); ++i) {
      // Another build of libjpeg may round one of 255 levels differently.
      ASSERT_TRUE(std::abs(image.values[i] - golden.values[i]) <= 1.01f / 255) << name << " " << i;
    }
  }
}

TEST(WritePng, RoundsToNearestAndClamps) {
  const TemporaryFolder folder;
  Image image = make_image(3, 2, 2);
  image.values = {0.0f, 1.0f, 0.5f, -3.0f, 7.0f, 0.4980f, 0.4981f, 99.49f / 255, 99.51f / 255, 0.1f, 0.2f, 0.3f};
  write_png(folder / "a.png", image);
  const Image read = read_image(folder / "a.png");
  ASSERT_EQ(shape_text(read), "3 x 2 x 2");
  for (size_t i = 0; i < image.values.size(); ++i) {
    const float clamped = std::min(std::max(image.values[i], 0.0f), 1.0f);
    EXPECT_EQ(read.values[i], std::round(clamped * 255.0f) / 255.0f) << i;
  }
}

TEST(WritePng, EveryLevelComesBack) {
  Image image = make_image(1, 16, 16);
  for (int i = 0; i < 256; ++i) image.values[i] = float(i) / 255.0f;
  EXPECT_EQ(decode_image(encode_png(image), "a").values, image.values);
}

TEST(WritePng, RefusesNanAndOtherShapesAndWritesNothing) {
  const TemporaryFolder folder;
  Image image = make_image(1, 2, 2);
  image.values[3] = std::numeric_limits<float>::quiet_NaN();
  const std::string error = error_of<InternalError>([&] { write_png(folder / "a.png", image); });
  EXPECT_NE(error.find("NaN"), std::string::npos) << error;
  EXPECT_THROW(write_png(folder / "a.png", make_image(2, 2, 2)), InternalError);
  EXPECT_THROW(write_png(folder / "a.png", make_image(1, 0, 2)), InternalError);
  EXPECT_EQ(folder.file_count(), 0u);
}

TEST(Image, GreyBecomesRgb) {
  Image grey = make_image(1, 1, 2);
  grey.values = {0.25f, 0.75f};
  EXPECT_EQ(to_rgb(grey).values, (std::vector<float>{0.25f, 0.75f, 0.25f, 0.75f, 0.25f, 0.75f}));
}

}  // namespace
}  // namespace convlens::viz
