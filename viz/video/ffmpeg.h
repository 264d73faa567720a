#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/child_process.h"
#include "viz/io/image.h"
#include "viz/temporary_folder.h"

namespace convlens::viz {

/// The frames of a video, one after the other, read through a pipe from the program ffmpeg (https://ffmpeg.org), which
/// is looked for in $PATH. However long the video is, one frame is in memory.
class VideoReader {
 public:
  /// Throws InputError when ffmpeg is missing, or finds no video in the file.
  explicit VideoReader(const std::filesystem::path& file);

  /// Frames a second, as ffmpeg writes it: "30000/1001". A video whose rate varies is brought to its mean.
  const std::string& frame_rate() const { return frame_rate_; }
  /// About how many frames there are, from the video's length; 0 if it does not say.
  int64_t about_frames() const { return about_frames_; }

  /// The next frame upright, in colour; nothing after the last. Throws InputError when the video cannot be read on.
  std::optional<Image> next();

 private:
  void look_at();
  std::string header_line();

  std::filesystem::path file_;
  TemporaryFolder folder_;
  std::string frame_rate_;
  int64_t about_frames_ = 0;
  std::unique_ptr<ChildProcess> ffmpeg_;
  std::vector<std::byte> pixels_;  ///< of a frame, in the order of the pipe
};

/// Writes a video (H.264 in MP4) through a pipe to ffmpeg: the same bytes for the same frames.
class VideoWriter {
 public:
  /// `file` gets frames of one size, and the sound of `sound_of`, if it has any. Of an odd size the last row or column
  /// is left out, as the format wants even ones. Throws InputError when ffmpeg is missing.
  VideoWriter(const std::filesystem::path& file, const std::filesystem::path& sound_of, const std::string& frame_rate,
              int height, int width);

  void write(const Image& frame);  ///< three channels; throws InternalError when ffmpeg gives up
  void finish();                   ///< the file is complete afterwards; throws as write() does

 private:
  [[noreturn]] void fail();

  std::filesystem::path file_;
  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> ffmpeg_;
  std::vector<std::byte> pixels_;
};

}  // namespace convlens::viz
