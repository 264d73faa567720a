#include "viz/video/ffmpeg.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "kernels/base/json.h"
#include "viz/io/pixels.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<ChildProcess> start(std::vector<std::string> command, ChildProcess::Pipe pipe, const fs::path& said) {
  try {
    return std::make_unique<ChildProcess>(std::move(command), pipe, said);
  } catch (const NoSuchProgram& error) {
    throw MissingFfmpeg(std::string("videos are read and written by ffmpeg, but ") + error.what() +
                        " (Debian: apt install ffmpeg)");
  }
}

// Never a protocol or an option, whatever the file is called.
std::string as_file(const fs::path& path) { return "file:" + path.string(); }

std::string all_output(ChildProcess& process) {
  std::string text;
  std::byte part[4096];
  for (size_t count = sizeof part; count == sizeof part;) {
    count = process.read(part);
    text.append(reinterpret_cast<const char*>(part), count);
  }
  return text;
}

// "30000/1001"; 0 if it is no rate.
double frames_per_second(const std::string& rate) {
  char* end = nullptr;
  const double above = std::strtod(rate.c_str(), &end), below = *end == '/' ? std::strtod(end + 1, nullptr) : 1;
  return below > 0 ? above / below : 0;
}

double seconds(const Json& json) {
  const auto text = json.find("duration");
  return text != json.end() && text->is_string() ? std::strtod(text->get<std::string>().c_str(), nullptr) : 0;
}

[[noreturn]] void cannot_write(const fs::path& file, const ChildProcess& ffmpeg) {
  throw InternalError(file.string() + ": ffmpeg cannot write the video (" + ffmpeg.last_line() + ")");
}

void make_mp4(const fs::path& file, const fs::path& stream, const std::string& frame_rate,
              const std::vector<std::string>& sound) {
  std::vector<std::string> command{"ffmpeg",   "-nostdin", "-v",   "error", "-y",           "-r",
                                   frame_rate, "-f",       "h264", "-i",    as_file(stream)};
  command.insert(command.end(), sound.begin(), sound.end());
  for (const char* word : {"-c:v", "copy",
                           // no dates or versions, so that the same stream gives the same bytes
                           "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a",
                           "+bitexact", "-movflags", "+faststart", "-f", "mp4"})
    command.emplace_back(word);
  command.push_back(as_file(file));
  const TemporaryFolder folder;
  const auto ffmpeg = start(command, ChildProcess::Pipe::none, folder.path() / "said");
  if (ffmpeg->wait() != 0) cannot_write(file, *ffmpeg);
}

}  // namespace

VideoReader::VideoReader(const fs::path& file) : file_(file) {
  if (!fs::is_regular_file(file)) throw InputError(file.string() + ": there is no such file");
  look_at();
  ffmpeg_ = start({"ffmpeg", "-nostdin", "-v", "error", "-i", as_file(file), "-map", "0:v:0", "-r", frame_rate_, "-f",
                   "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "pipe:1"},
                  ChildProcess::Pipe::its_output, folder_.path() / "said");
}

void VideoReader::look_at() {
  const auto ffprobe =
      start({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
             "stream=avg_frame_rate,r_frame_rate,duration:format=duration", "-of", "json", as_file(file_)},
            ChildProcess::Pipe::its_output, folder_.path() / "said");
  const Json found = Json::parse(all_output(*ffprobe), nullptr, false);
  const int code = ffprobe->wait();
  if (code != 0 || !found.is_object() || found.value("streams", Json::array()).empty())
    throw InputError(file_.string() + ": ffmpeg finds no video in it" +
                     (code == 0 ? "" : " (" + ffprobe->last_line() + ")"));
  const Json& stream = found["streams"][0];
  for (const char* key : {"avg_frame_rate", "r_frame_rate"})
    if (frame_rate_.empty() && frames_per_second(stream.value(key, "")) > 0) frame_rate_ = stream[key];
  if (frame_rate_.empty()) throw InputError(file_.string() + ": its video has no frame rate");
  const double length = seconds(stream) > 0 ? seconds(stream) : seconds(found.value("format", Json::object()));
  about_frames_ = std::lround(length * frames_per_second(frame_rate_));
}

// Up to the next end of line; empty at the end of the frames.
std::string VideoReader::header_line() {
  std::string line;
  for (std::byte byte; ffmpeg_->read({&byte, 1}) == 1 && byte != std::byte{'\n'};) line += static_cast<char>(byte);
  return line;
}

// A frame is a PPM file: "P6", width and height, 255, each on a line; then red, green and blue of each pixel.
std::optional<Image> VideoReader::next() {
  const std::string kind = header_line(), size = header_line(), levels = header_line();
  int64_t width = 0, height = 0;
  std::istringstream(size) >> width >> height;
  bool whole = kind == "P6" && levels == "255" && width > 0 && height > 0;
  if (whole) {
    require_reasonable_size(width, height, file_.string());
    pixels_.resize(static_cast<size_t>(3 * width * height));
    whole = ffmpeg_->read(pixels_) == pixels_.size();
  }
  if (!whole) {
    if (const int code = ffmpeg_->wait(); code != 0 || !kind.empty())
      throw InputError(file_.string() + ": the video cannot be read to its end (" + ffmpeg_->last_line() + ")");
    return std::nullopt;
  }
  Image frame = make_image(3, static_cast<int>(height), static_cast<int>(width));
  const size_t plane = pixels_.size() / 3;
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c) frame.values[c * plane + i] = static_cast<float>(pixels_[3 * i + c]) / 255;
  return frame;
}

VideoWriter::VideoWriter(const fs::path& file, const std::string& frame_rate, int height, int width) : file_(file) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  ffmpeg_ = start({"ffmpeg", "-nostdin", "-v", "error", "-y",
                   // the frames
                   "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", frame_rate, "-i", "pipe:0",
                   // even sizes, and colours as players take them
                   "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,scale=out_color_matrix=bt709", "-pix_fmt", "yuv420p",
                   "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
                   // no version, so that the same frames give the same bytes; no frame is stored before one that it
                   // follows, so that a bare stream needs no times
                   "-flags:v", "+bitexact", "-bf", "0", "-f", "h264", as_file(file)},
                  ChildProcess::Pipe::its_input, folder_.path() / "said");
}

void VideoWriter::write(const Image& frame) {
  pixels_.resize(frame.values.size());
  const size_t plane = pixels_.size() / 3;
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c)
      pixels_[3 * i + c] =
          static_cast<std::byte>(std::lround(std::clamp(frame.values[c * plane + i], 0.0F, 1.0F) * 255));
  if (!ffmpeg_->write(pixels_)) fail();
}

void VideoWriter::finish() {
  if (ffmpeg_->wait() != 0) fail();
}

void VideoWriter::fail() {
  ffmpeg_->wait();
  cannot_write(file_, *ffmpeg_);
}

void write_mp4(const fs::path& file, const fs::path& stream, const std::string& frame_rate, const fs::path& sound_of) {
  make_mp4(file, stream, frame_rate, {"-i", as_file(sound_of), "-map", "0:v", "-map", "1:a?", "-c:a", "aac"});
}

void write_mp4(const fs::path& file, std::span<const Image> frames, const std::string& frame_rate) {
  const TemporaryFolder folder;
  const fs::path stream = folder.path() / "stream";
  VideoWriter writer(stream, frame_rate, frames[0].height, frames[0].width);
  for (const Image& frame : frames) writer.write(frame);
  writer.finish();
  make_mp4(file, stream, frame_rate, {});
}

}  // namespace convlens::viz
