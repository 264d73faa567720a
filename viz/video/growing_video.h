#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "viz/video/ffmpeg.h"

namespace convlens::viz {

/// A video stream that is made in stretches of frames, so that a later program may go on after the last whole one, and
/// makes the same bytes as if there had been no pause.
class GrowingVideo {
 public:
  /// Goes on after the first `bytes` of the file; what is behind them is forgotten. Throws InputError when there are
  /// not as many.
  GrowingVideo(std::filesystem::path stream, std::string frame_rate, int64_t bytes);

  /// True when this frame was the last of a stretch. Errors as VideoWriter's.
  bool write(const Image& frame);
  /// Ends the last stretch.
  void finish();

  const std::filesystem::path& stream() const { return stream_; }
  int64_t bytes() const;  ///< of whole stretches

 private:
  std::filesystem::path stream_;
  std::string frame_rate_;
  TemporaryFolder folder_;
  std::unique_ptr<VideoWriter> stretch_;
  int64_t frames_ = 0;  // of the stretch
};

}  // namespace convlens::viz
