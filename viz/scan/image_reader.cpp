#include "viz/scan/image_reader.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/io/read_file.h"

namespace convlens::viz {
namespace {

ReadImage read(const std::filesystem::path& folder, const std::filesystem::path& file,
               const std::function<Image(const Image&)>& view) {
  ReadImage image{.file = file};
  try {
    const std::vector<std::byte> bytes = read_file(folder / file);
    image.sha256 = sha256_hex(bytes);
    image.view = view(decode_image(bytes, file.string()));
  } catch (const InputError& error) {
    image.broken = error.what();
  }
  return image;
}

}  // namespace

ImageReader::ImageReader(std::filesystem::path folder, std::vector<std::filesystem::path> files,
                         std::function<Image(const Image&)> view, int threads, int64_t batch, int64_t ahead)
    : folder_(std::move(folder)),
      files_(std::move(files)),
      view_(std::move(view)),
      batch_(static_cast<size_t>(batch)),
      ahead_(static_cast<size_t>(batch * ahead)),
      workers_(static_cast<size_t>(threads)) {}

// What has not been begun is dropped.
ImageReader::~ImageReader() {
  workers_.stop();
  workers_.join();
}

void ImageReader::begin_next() {
  const std::filesystem::path& file = files_[begun_++];
  reading_.push_back(
      boost::asio::post(workers_, boost::asio::use_future([this, &file] { return read(folder_, file, view_); })));
}

std::vector<ReadImage> ImageReader::next() {
  while (reading_.size() < ahead_ && begun_ < files_.size()) begin_next();
  std::vector<ReadImage> images;
  while (!reading_.empty() && images.size() < batch_) {
    images.push_back(reading_.front().get());
    reading_.pop_front();
  }
  return images;
}

}  // namespace convlens::viz
