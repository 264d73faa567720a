#pragma once

#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "engine/model.h"
#include "viz/io/image.h"

namespace convlens::viz {

/// How pictures are brought to a network's input: its specification, and the size in pixels.
struct ViewSize {
  InputSpec input;
  int height, width;
};

struct ReadImage {
  std::filesystem::path file;  ///< relative to the folder
  std::string sha256;          ///< of the file's bytes
  Image view;                  ///< as the network sees it
  std::string broken;          ///< why it cannot be read, in one sentence; empty if it can
};

/// Reads the images of a folder in worker threads, ahead of whoever takes them, and hands them out in order. However
/// many files there are, only `ahead` of them are in memory.
class ImageReader {
 public:
  ImageReader(std::filesystem::path folder, std::vector<std::filesystem::path> files, ViewSize size, int threads,
              int64_t ahead);
  ~ImageReader();
  ImageReader(const ImageReader&) = delete;
  ImageReader& operator=(const ImageReader&) = delete;

  /// The next file's image, broken or not; nothing after the last.
  std::optional<ReadImage> next();

 private:
  void begin_next();

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  ViewSize size_;
  size_t begun_ = 0;
  std::deque<std::future<ReadImage>> reading_;
  boost::asio::thread_pool workers_;
};

}  // namespace convlens::viz
