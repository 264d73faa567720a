#pragma once

#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "engine/model.h"
#include "viz/io/image.h"
#include "viz/preprocess.h"

namespace convlens::viz {

/// How pictures are brought to a network's input: its specification, and the size in pixels.
struct ViewSize {
  InputSpec input;
  int height, width;

  Image operator()(const Image& photo) const { return network_view(photo, input, height, width); }
};

struct ReadImage {
  std::filesystem::path file;  ///< relative to the folder
  std::string sha256;          ///< of the file's bytes
  Image view;                  ///< what was made of it, e.g. as the network sees it
  std::string broken;          ///< why it cannot be read, in one sentence; empty if it can
};

/// Reads the images of a folder in worker threads and hands them out in order, a batch at a time. However many files
/// there are, only the images of `ahead` batches are in memory.
class ImageReader {
 public:
  /// `ahead` 1: a batch is read when it is asked for. 2: while one is looked at, the next is read.
  /// `view` makes of a photo what is wanted of it, in several threads at once; an InputError of its is a broken file's.
  ImageReader(std::filesystem::path folder, std::vector<std::filesystem::path> files,
              std::function<Image(const Image&)> view, int threads, int64_t batch, int64_t ahead);
  ~ImageReader();
  ImageReader(const ImageReader&) = delete;
  ImageReader& operator=(const ImageReader&) = delete;

  /// The images of the next `batch` files, broken ones among them; none after the last.
  std::vector<ReadImage> next();

 private:
  void begin_next();

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  std::function<Image(const Image&)> view_;
  size_t batch_, ahead_, begun_ = 0;
  std::deque<std::future<ReadImage>> reading_;
  boost::asio::thread_pool workers_;
};

}  // namespace convlens::viz
