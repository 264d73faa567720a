#include "viz/video/growing_video.h"

#include <fstream>

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

// Each begins with a whole picture, which x264 would put every 250 frames anyway.
constexpr int64_t stretch_frames = 100;

}  // namespace

GrowingVideo::GrowingVideo(fs::path stream, std::string frame_rate, int64_t bytes)
    : stream_(std::move(stream)), frame_rate_(std::move(frame_rate)) {
  std::ofstream(stream_, std::ios::binary | std::ios::app);  // there is one now
  if (this->bytes() < bytes) throw InputError(stream_.string() + ": what an interrupted program kept is cut off");
  fs::resize_file(stream_, static_cast<uintmax_t>(bytes));
}

bool GrowingVideo::write(const Image& frame) {
  if (!stretch_)
    stretch_ = std::make_unique<VideoWriter>(folder_.path() / "stretch", frame_rate_, frame.height, frame.width);
  stretch_->write(frame);
  if (++frames_ < stretch_frames) return false;
  finish();
  return true;
}

void GrowingVideo::finish() {
  if (!stretch_) return;
  stretch_->finish();
  stretch_.reset();
  frames_ = 0;
  std::ofstream to(stream_, std::ios::binary | std::ios::app);
  to << std::ifstream(folder_.path() / "stretch", std::ios::binary).rdbuf();
  to.flush();
  if (!to) throw InternalError(stream_.string() + ": cannot be written");
}

int64_t GrowingVideo::bytes() const { return static_cast<int64_t>(fs::file_size(stream_)); }

}  // namespace convlens::viz
