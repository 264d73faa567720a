// fast_style: a photo, a folder of photos or a video painted by a network that was trained to paint.
//
// The network maps a photo to a painting in one sweep (Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time
// Style Transfer and Super-Resolution", 2016). One network has many styles if the styles share all convolutions and
// each has its own scale gamma_s and shift beta_s after every instance norm (Dumoulin, Shlens and Kudlur, "A Learned
// Representation For Artistic Style", 2017, section 2.2):
//   y = gamma (x - mean) / std + beta,   gamma = sum over s of w_s gamma_s,   beta = sum over s of w_s beta_s
// with w = 1 for one style, and any weights for a blend.
//
// With `adain` the styles are those of any pictures (Huang and Belongie, "Arbitrary Style Transfer in Real-time with
// Adaptive Instance Normalization", 2017): gamma_s and beta_s of one norm, amid the network, are the deviations and
// means of the picture's own features (viz/style/adaptive_style.h).
//
// What it paints is what it learnt: strokes of the size that the training photos had, so that the same photo at another
// size is painted with finer or coarser strokes. Frames of a video are painted one by one, and may flicker.

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/sha256.h"
#include "viz/algorithm.h"
#include "viz/interrupt.h"
#include "viz/io/resize.h"
#include "viz/io/tile.h"
#include "viz/optimisation/checkpoint.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/scan/folder_scan.h"
#include "viz/scan/image_list.h"
#include "viz/style/adain_keys.h"
#include "viz/style/looks.h"
#include "viz/style/style_network.h"
#include "viz/text.h"
#include "viz/video/ffmpeg.h"
#include "viz/video/growing_video.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int page_side = 1024;  // longer side of a picture on the page
constexpr int tile_side = 256;   // of a tile of a grid
constexpr int shown_pairs = 8;   // of a folder

constexpr const char* of_folder = "folder";  // the checkpoint's
constexpr int64_t kept_files = 100;          // what is painted is kept every so many, and on Ctrl-C

std::string pixels(const Image& image) { return std::to_string(image.height) + " x " + std::to_string(image.width); }

Image shrunk(const Image& image, int64_t longest_side, Filter filter) {
  const double scale = static_cast<double>(longest_side) / std::max(image.height, image.width);
  if (scale >= 1) return image;
  const auto scaled = [&](int extent) { return std::max(1, static_cast<int>(std::lround(extent * scale))); };
  return clamp(resize(image, scaled(image.height), scaled(image.width), filter));
}

Image for_page(const Image& image) { return shrunk(image, page_side, Filter::bicubic); }

// In the middle of a white square.
Image square_tile(const Image& image) {
  const Image small = shrunk(image, tile_side, Filter::bicubic);
  Image square = make_image(3, tile_side, tile_side, 1);
  const int top = (tile_side - small.height) / 2, left = (tile_side - small.width) / 2;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < small.height; ++y) std::ranges::copy(small.row(c, y), square.row(c, top + y).begin() + left);
  return square;
}

/// Paints photos one after the other, by one session as long as they have one size. Counts and times them.
class Painter {
 public:
  /// `ready`: a session for the first photo, if there is one.
  Painter(Run& run, Model model, Session* ready)
      : run_(run), model_(std::move(model)), network_(model_), session_(ready) {}

  const StyleNetwork& network() const { return network_; }

  Image paint(const Image& photo, const Look& look) {
    const auto start = Clock::now();
    Image painting = network_.paint(session_for(photo), photo, look.shares);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    ++count_;
    return painting;
  }

  /// "images per second" -> how many. `painted`: in all, those of an interrupted program too.
  void report_rate(const std::string& unit, int64_t painted) const {
    run_.results["painted"] = painted;
    std::string rate_text;
    if (count_ > 0) {
      const double rate = static_cast<double>(count_) / seconds_;
      run_.figure(unit + "s per second", fixed(rate, 2));
      run_.results[unit + "s_per_second"] = rate;
      rate_text = ", " + fixed(rate, 2) + " a second";
    }
    run_.say(std::to_string(painted) + " " + unit + (painted == 1 ? "" : "s") + " painted" + rate_text);
  }

  int64_t count() const { return count_; }

 private:
  Session& session_for(const Image& photo) {
    const PlanRequest request = network_.request(run_.device(), photo.height, photo.width);
    const auto& [input, shape] = *request.input_shapes.begin();
    if (session_ && session_->plan().values.at(input).desc.shape == shape) return *session_;
    session_ = nullptr;
    own_.reset();  // before there is another
    own_ = run_.open(network_.model(), request);
    session_ = own_.get();
    return *session_;
  }

  Run& run_;
  Model model_;
  StyleNetwork network_;
  Session* session_;
  std::unique_ptr<Session> own_;
  int64_t count_ = 0;
  double seconds_ = 0;
};

class FastStyle final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "folder", .doc = "folder of images to paint, its sub-folders included, instead of 'image'"},
            folder_);
    v.field({.name = "video", .doc = "video to paint, instead of 'image'; needs the program ffmpeg"}, video_);
    v.field({.name = "longest_side",
             .doc = "larger photos and frames are shrunk to it; 0: painted as large as they are (or as 'size' says)",
             .min = 0,
             .max = 16384},
            longest_side_);
    v.field({.name = "styles",
             .doc = "numbers of the network's styles, from 0: a picture each; by default the first",
             .min = 0},
            styles_);
    v.field({.name = "weights", .doc = "how much of each of 'styles': one picture of their blend"}, weights_);
    v.field({.name = "grid", .doc = "the photo in all styles, small, row by row"}, grid_);
    adain_.describe(v);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    check(run);
    if (!paints_photo() || adain_.adain) return std::nullopt;
    return photo_request(run, run.model());
  }

  std::vector<Stage> stages(const Run& run) const override {
    std::vector<Stage> stages = adain_.stages(run);
    if (!adain_.adain || !paints_photo()) return stages;
    const Model painter = adain_.planned_painter(run);
    stages.push_back({"the photo", painter, photo_request(run, painter)});
    return stages;
  }

  std::map<std::string, std::string> more_inputs() const override {
    std::map<std::string, std::string> inputs = adain_.inputs();
    if (!folder_.empty()) inputs.merge(FolderKeys{.folder = folder_}.inputs());
    if (!video_.empty()) inputs["video"] = sha256_file(video_);
    return inputs;
  }

  void execute(Run& run, Session* session) override {
    Painter painter(run, adain_.painter(run), session);
    const auto chosen = looks(painter.network(), numbers(), weights_);
    if (!folder_.empty()) return paint_folder(run, painter, chosen);
    if (!video_.empty()) return paint_video(run, painter, chosen);
    paint_photo(run, painter, chosen);
  }

 private:
  bool paints_photo() const { return folder_.empty() && video_.empty(); }

  void check(const Run& run) const {
    if (!folder_.empty() && !video_.empty()) throw InputError("'folder' and 'video' exclude each other");
    if (longest_side_ > 0 && !run.keys().size.empty()) throw InputError("'size' and 'longest_side' exclude each other");
    if (grid_ && !paints_photo())
      throw InputError("'grid' shows one photo in all styles, neither 'folder' nor 'video'");
    adain_.check(run.model());
    const Model painter = adain_.planned_painter(run);
    looks(StyleNetwork(painter), numbers(), weights_);
  }

  // Of the styles to paint in: pictures are named in order to be used.
  std::vector<int64_t> numbers() const {
    if (!styles_.empty() || !adain_.adain) return styles_;
    std::vector<int64_t> all(adain_.style_images.size());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  PlanRequest photo_request(const Run& run, const Model& painter) const {
    const Image photo = prepared(run, run.photo());
    return StyleNetwork(painter).request(run.device(), photo.height, photo.width);
  }

  // As it is painted: three channels, in the size asked for.
  Image prepared(const Run& run, const Image& photo) const {
    const InputSpec& input = run.model().image_input();
    if (!run.keys().size.empty()) return view_size(run)(photo);
    if (longest_side_ == 0) return to_rgb(photo);
    return shrunk(to_rgb(photo), longest_side_, input.resize == "bicubic" ? Filter::bicubic : Filter::bilinear);
  }

  void paint_photo(Run& run, Painter& painter, const std::vector<Look>& chosen) const {
    const Image photo = prepared(run, run.photo());
    run.section().pictures.push_back({.caption = "the photo", .image = for_page(photo)});
    for (const Look& look : chosen) {
      const Image painting = painter.paint(photo, look);
      run.save(look.name, painting);
      run.section().pictures.push_back({.caption = look.text, .image = for_page(painting)});
    }
    run.figure("size", pixels(photo));
    if (grid_) show_grid(run, painter, photo);
    painter.report_rate("image", painter.count());
  }

  static void show_grid(Run& run, Painter& painter, const Image& photo) {
    const int64_t styles = painter.network().styles();
    Progress progress("grid", "style", styles, run.display());
    std::vector<Image> tiles;
    for (int64_t style = 0; style < styles; ++style) {
      tiles.push_back(shrunk(painter.paint(photo, one_style(painter.network(), style)), tile_side, Filter::bicubic));
      progress.advance();
    }
    const int columns = square_columns(static_cast<int>(styles), tiles[0].height, tiles[0].width);
    run.show("grid", tile_grid(tiles, columns, 4),
             "styles 0 to " + std::to_string(styles - 1) + ", row by row, " + std::to_string(columns) + " a row");
  }

  void paint_folder(Run& run, Painter& painter, const std::vector<Look>& chosen) const {
    const auto files = list_images(folder_);
    const auto names = result_names(files);
    Checkpoint checkpoint(run);
    take_up_paintings(run, checkpoint);
    std::vector<fs::path> left;
    std::ranges::copy_if(files, std::back_inserter(left),
                         [&](const fs::path& file) { return !is_painted(run, chosen, names.at(file)); });
    const auto broken = paint_files(run, painter, chosen, checkpoint, left, names);
    report_broken(run, broken, files.size());
    show_pairs(run, chosen, files, names);
    painter.report_rate("image", (std::ssize(files) - std::ssize(broken)) * std::ssize(chosen));
  }

  static void take_up_paintings(Run& run, const Checkpoint& checkpoint) {
    const Json* kept = checkpoint.find(of_folder);
    if (kept && !run.take_up(kept->get<OutputFolder::Hashes>()))
      throw InputError((run.out() / ".unfinished").string() +
                       ": a painting that an interrupted program kept is missing or altered; without --resume the run "
                       "begins anew");
  }

  // With every look.
  static bool is_painted(const Run& run, const std::vector<Look>& chosen, const std::string& name) {
    return std::ranges::all_of(chosen,
                               [&](const Look& look) { return run.has_saved(look.name + "/" + name + ".png"); });
  }

  // Returns those that cannot be read.
  std::vector<BrokenFile> paint_files(Run& run, Painter& painter, const std::vector<Look>& chosen,
                                      Checkpoint& checkpoint, const std::vector<fs::path>& files,
                                      const std::map<fs::path, std::string>& names) const {
    ImageReader reader(
        folder_, files, [&](const Image& photo) { return prepared(run, photo); }, omp_get_max_threads(), 1, 2);
    Progress progress("paint", "image", std::ssize(files), run.display());
    const EndOnRequest interrupt;
    std::vector<BrokenFile> broken;
    int64_t done = 0;
    for (auto images = reader.next(); !images.empty(); images = reader.next()) {
      const ReadImage& image = images.front();
      try {
        if (!image.broken.empty()) throw InputError(image.broken);
        for (const Look& look : chosen)
          run.save(look.name + "/" + names.at(image.file), painter.paint(image.view, look));
      } catch (const InputError& error) {
        broken.push_back({image.file.generic_string(), error.what()});
      }
      progress.advance();
      const int signal = interrupt.signal();
      if (++done % kept_files == 0 || signal) checkpoint.keep(of_folder, run.saved());
      end_if_asked(signal);
    }
    return broken;
  }

  static void end_if_asked(int signal) {
    if (signal) throw Interrupted(signal, "interrupted; --resume goes on after what is painted and kept");
  }

  // Each file's own without its ending, unless another file took that.
  static std::map<fs::path, std::string> result_names(const std::vector<fs::path>& files) {
    std::set<fs::path> taken;
    std::map<fs::path, std::string> names;
    for (const fs::path& file : files) {
      fs::path name = file;
      name.replace_extension();
      names[file] = (taken.insert(name).second ? name : file).generic_string();
    }
    return names;
  }

  void show_pairs(Run& run, const std::vector<Look>& chosen, const std::vector<fs::path>& files,
                  const std::map<fs::path, std::string>& names) const {
    std::vector<Image> pairs;
    for (const fs::path& file : files) {
      if (pairs.size() == shown_pairs * (1 + chosen.size())) break;
      if (!is_painted(run, chosen, names.at(file))) continue;
      pairs.push_back(square_tile(prepared(run, read_image(folder_ / file))));
      for (const Look& look : chosen)
        pairs.push_back(square_tile(read_image(run.unfinished(look.name + "/" + names.at(file) + ".png"))));
    }
    std::string caption = "the first photos, each beside: ";
    for (const Look& look : chosen) caption += (&look == &chosen.front() ? "" : "; ") + look.text;
    const int columns = static_cast<int>(1 + chosen.size());
    run.show("before_and_after", tile_grid(pairs, columns, 4), caption);
  }

  void paint_video(Run& run, Painter& painter, const std::vector<Look>& chosen) const {
    Checkpoint checkpoint(run);
    const EndOnRequest interrupt;
    int64_t frames = 0;
    try {
      for (const Look& look : chosen) frames += paint_frames(run, painter, checkpoint, look);
    } catch (const std::runtime_error&) {
      end_if_asked(interrupt.signal());  // Ctrl-C ends ffmpeg too, and its end may be seen first
      throw;
    }
    painter.report_rate("frame", frames);
  }

  // Returns how many there are. Those of whole stretches are kept.
  int64_t paint_frames(Run& run, Painter& painter, Checkpoint& checkpoint, const Look& look) const {
    const Json* kept = checkpoint.find(look.name);
    const int64_t kept_frames = kept ? kept->at("frames").get<int64_t>() : 0;
    VideoReader reader(video_);
    GrowingVideo painted(run.unfinished(look.name + ".h264"), reader.frame_rate(),
                         kept ? kept->at("bytes").get<int64_t>() : 0);
    Progress progress(video_.filename().string() + ", " + look.text, "frame",
                      std::max<int64_t>(0, reader.about_frames() - kept_frames), run.display());
    const EndOnRequest interrupt;
    int64_t number = 0;
    std::string size;
    for (auto frame = reader.next(); frame; frame = reader.next(), ++number) {
      const Image photo = prepared(run, *frame);
      size = pixels(photo);
      const bool shown = number == reader.about_frames() / 2;
      if (number < kept_frames && !shown) continue;
      const Image painting = painter.paint(photo, look);
      if (shown) show_frame(run, look, photo, painting);
      if (number < kept_frames) continue;
      if (painted.write(painting)) checkpoint.keep(look.name, {{"frames", number + 1}, {"bytes", painted.bytes()}});
      progress.advance();
      end_if_asked(interrupt.signal());
    }
    if (number == 0) throw InputError(video_.string() + ": its video has no frame");
    painted.finish();
    run.save_file(look.name + ".mp4",
                  [&](const fs::path& file) { write_mp4(file, painted.stream(), reader.frame_rate(), video_); });
    run.figure(look.name + ".mp4",
               std::to_string(number) + " frames of " + size + ", " + reader.frame_rate() + " a second");
    return number;
  }

  static void show_frame(Run& run, const Look& look, const Image& photo, const Image& painting) {
    run.section().pictures.push_back({.caption = "a frame from the middle", .image = for_page(photo)});
    run.section().pictures.push_back({.caption = look.text, .image = for_page(painting)});
  }

  fs::path folder_, video_;
  int64_t longest_side_ = 0;
  std::vector<int64_t> styles_;
  std::vector<double> weights_;
  bool grid_ = false;
  AdainKeys adain_;
};

const RegisterAlgorithm fast_style_registered(
    {"fast_style", "photos and videos painted by a network in one sweep",
     "Johnson, Alahi and Fei-Fei 2016, arXiv:1603.08155; Dumoulin, Shlens and Kudlur "
     "2017, arXiv:1610.07629; Huang and Belongie 2017, arXiv:1703.06868",
     make_algorithm<FastStyle>});

}  // namespace
}  // namespace convlens::viz
