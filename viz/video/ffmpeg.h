#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/error.h"
#include "viz/child_process.h"
#include "viz/io/image.h"
#include "viz/temporary_folder.h"

namespace convlens::viz {

struct MissingFfmpeg : InputError {
  using InputError::InputError;
};

/// The frames of a video, one after the other, read through a pipe from the program ffmpeg (https://ffmpeg.org), which
/// is looked for in $PATH. However long the video is, one frame is in memory.
class VideoReader {
 public:
  /// Throws MissingFfmpeg, and InputError when there is no video in the file.
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

/// Writes frames through a pipe to ffmpeg: the same bytes for the same frames. What it writes is a bare H.264 stream;
/// streams of one frame rate and size may be laid end to end, and write_mp4 makes a video of them.
class VideoWriter {
 public:
  /// `file` gets frames of one size. Of an odd size the last row or column is left out, as the format wants even ones.
  /// Throws MissingFfmpeg.
  VideoWriter(const std::filesystem::path& file, const std::string& frame_rate, int height, int width);

  void write(const Image& frame);  ///< three channels; throws InternalError when ffmpeg gives up
  void finish();                   ///< the file is complete afterwards; throws as write() does

 private:
  [[noreturn]] void fail();

  std::filesystem::path file_;
  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> ffmpeg_;
  std::vector<std::byte> pixels_;
};

/// A video (MP4) of a VideoWriter's stream and rate, and the sound of `sound_of`, if that has any. Throws
/// MissingFfmpeg, and InternalError when ffmpeg gives up.
void write_mp4(const std::filesystem::path& file, const std::filesystem::path& stream, const std::string& frame_rate,
               const std::filesystem::path& sound_of);
/// One without sound, of these frames, which have one size. Throws as VideoWriter does.
void write_mp4(const std::filesystem::path& file, std::span<const Image> frames, const std::string& frame_rate);

}  // namespace convlens::viz
