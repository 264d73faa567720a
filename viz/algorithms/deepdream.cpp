// deepdream: what a layer sees in a photo, amplified.
//
// Gradient ascent on half the squared length of a layer's features, from coarse to fine: the photo is shrunk to the
// first octave, dreamt on, and what the dream added is enlarged and laid over the photo of the next octave. Steps have
// the length `step` / mean |g|, and each sees the picture shifted cyclically by other offsets (jitter), so that no seam
// or grid of the network's strides stays (Mordvintsev, Olah and Tyka, "Inceptionism", 2015, and their notebook).
//
// With a guide image the features are drawn to those of the guide instead: at each place to the one of the guide's
// features that has the largest dot product with them, as in that notebook.

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/graph_regions.h"
#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "kernels/base/sha256.h"
#include "viz/algorithm.h"
#include "viz/io/resize.h"
#include "viz/optimisation/loop.h"
#include "viz/optimisation/memory_keys.h"
#include "viz/optimisation/pixels.h"
#include "viz/optimisation/shifted_evaluator.h"
#include "viz/optimisation/window_evaluator.h"
#include "viz/preprocess.h"
#include "viz/style/canvas.h"
#include "viz/text.h"
#include "viz/training/random.h"
#include "viz/video/ffmpeg.h"

namespace convlens::viz {
namespace {

constexpr int64_t pictures_at_hand = 12;  // the photo, the octave's, x, shifted, its gradient ..

using Measure = decltype(LocalTerm::evaluate);

// Of one image's features x, in one channel or (-1) all: sum x^2 / 2.
Measure half_square(const std::string& layer, int64_t channel) {
  return [layer, channel](const Array& x, const Region&, Array& gradient) {
    const int64_t plane = x.shape.h() * x.shape.w();
    if (channel >= x.shape.c())
      throw InputError("'channel' must be below the " + std::to_string(x.shape.c()) + " channels of layer '" + layer +
                       "', found " + std::to_string(channel));
    const int64_t begin = channel < 0 ? 0 : channel * plane, end = channel < 0 ? x.shape.c() * plane : begin + plane;
    double sum = 0;
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      sum += 0.5 * x.values[i] * x.values[i];
      gradient.values[i] += x.values[i];
    }
    return sum;
  };
}

// The sum over places p of max over places q of x_p . guide_q.
Measure nearness(const Array& guide) {
  using Features = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  // channels x places
  const auto view = [](const Array& a) {
    return Eigen::Map<const Features>(a.values.data(), a.shape.c(), a.shape.h() * a.shape.w());
  };
  return [guide, view](const Array& x, const Region&, Array& gradient) {
    const auto features = view(x), of_guide = view(guide);
    Eigen::Map<Features> to(gradient.values.data(), features.rows(), features.cols());
    const Features products = features.transpose() * of_guide;
    double sum = 0;
    for (Eigen::Index p = 0; p < products.rows(); ++p) {
      Eigen::Index nearest = 0;
      sum += products.row(p).maxCoeff(&nearest);
      to.col(p) += of_guide.col(nearest);
    }
    return sum;
  };
}

class DeepDream final : public Algorithm {
 public:
  DeepDream() { keys_.steps = 10; }

  void describe(ParamVisitor& v) override {
    v.field({.name = "layer", .doc = "that dreams; by default the last whose map has a stride of at most 16"}, layer_);
    v.field({.name = "channel", .doc = "of the layer, alone; -1: all", .min = -1}, channel_);
    v.field({.name = "guide", .doc = "an image to whose features those of the photo are drawn"}, guide_);
    v.field({.name = "longer_edge", .doc = "of the picture, where there is no 'size'", .min = 32}, longer_edge_);
    v.field({.name = "octaves", .doc = "sizes of the photo, from small to large", .min = 1, .max = 32}, octaves_);
    v.field({.name = "octave_scale", .doc = "from one size to the next", .min = 1.01, .max = 10}, octave_scale_);
    v.field({.name = "step", .doc = "mean change of a pixel in a step, in grey levels", .min = 0}, step_);
    v.field({.name = "jitter", .doc = "the picture is shifted by up to so many pixels before each step", .min = 0},
            jitter_);
    v.field(
        {.name = "frames", .doc = "of a zoom into the dream; each goes on from the middle of the one before", .min = 1},
        frames_);
    v.field({.name = "zoom", .doc = "from one frame to the next", .min = 1, .max = 10}, zoom_);
    v.field({.name = "frame_rate",
             .doc = "frames a second of the zoom's video, zoom.mp4, which is made where there is ffmpeg",
             .min = 1,
             .max = 240},
            frame_rate_);
    keys_.describe(v);
    memory_.describe(v);
  }

  std::vector<Stage> stages(const Run& run) const override {
    const Canvas canvas = canvas_of(run, run.photo(), longer_edge_);
    const WindowPlan plan = windows(run, terms(run, nullptr), canvas);
    return {{"the largest octave", plan.network, plan.request}};
  }

  std::map<std::string, std::string> more_inputs() const override {
    if (guide_.empty()) return {};
    return {{"guide", sha256_file(guide_)}};
  }

  void execute(Run& run, Session*) override {
    const Image& photo = run.photo();
    const Canvas canvas = canvas_of(run, photo, longer_edge_);
    const Image whole = covering(photo, canvas, run);
    const WindowTerms objective =
        terms(run, guide_.empty() ? half_square(layer_of(run), channel_) : nearness(guide_features(run)));
    Checkpoint checkpoint(run);
    run.show("photo", whole, "the photo");
    Image dream = dream_on(run, checkpoint, 1, whole, objective);
    run.figure("layer", layer_of(run) + (channel_ < 0 ? "" : ", channel " + std::to_string(channel_)));
    run.results["layer"] = layer_of(run);
    run.show("dream", clamp(dream), "what " + layer_of(run) + " makes of it");
    std::vector<Image> frames{clamp(dream)};
    for (int64_t frame = 2; frame <= frames_; ++frame) {
      dream = dream_on(run, checkpoint, frame, zoomed(dream), objective);
      frames.push_back(clamp(dream));
      const std::string caption = "frame " + std::to_string(frame) + " of the zoom";
      run.show("frame-" + std::to_string(frame), frames.back(), caption);
    }
    if (frames_ > 1) save_video(run, frames);
  }

 private:
  std::string layer_of(const Run& run) const {
    return layer_.empty() ? last_layer_of_stride_16(run.model()) : run.model().layer(layer_).name;
  }

  // Where a network sees parts of things; what follows sees things as a whole, at few places.
  static std::string last_layer_of_stride_16(const Model& model) {
    const InputSpec& input = model.image_input();
    const GraphRegions regions(model);
    std::string last;
    for (const Layer& layer : model.layers)
      if (regions.shape(layer.name).h() >= input.shape.h() / 16) last = layer.name;
    return last;
  }

  static GraphBuilder network(const Run& run, const Canvas& canvas) {
    const InputSpec& input = run.model().image_input();
    GraphBuilder graph("deepdream");
    const std::string pixels = graph.image_input("pixels", input.shape.c(), canvas.height, canvas.width);
    graph.append(run.model(), add_normalisation(graph, pixels, input));
    return graph;
  }

  WindowTerms terms(const Run& run, const Measure& measure) const {
    return {.local = {{"features", layer_of(run), -1, measure}}};
  }

  WindowPlan windows(const Run& run, const WindowTerms& terms, const Canvas& canvas) const {
    const Pair size{canvas.height, canvas.width};
    return plan_windows(run.device(), network(run, canvas), terms.request("pixels"), size,
                        memory_.session_bytes(run.model(), size, pictures_at_hand));
  }

  // The photo in another size, with what was dreamt in the one before.
  static Image with_detail(const Image& photo, const Image& dream, const Canvas& canvas) {
    const auto sized = [](const Image& image, int64_t height, int64_t width) {
      return resize(image, static_cast<int>(height), static_cast<int>(width), Filter::bilinear);
    };
    Image detail = dream;
    const Image without = sized(photo, dream.height, dream.width);
    for (size_t i = 0; i < detail.values.size(); ++i) detail.values[i] -= without.values[i];
    Image sum = sized(photo, canvas.height, canvas.width);
    const Image enlarged = sized(detail, canvas.height, canvas.width);
    for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += enlarged.values[i];
    return clamp(std::move(sum));
  }

  // The middle of a dream as large as the whole: where the next frame of the zoom begins.
  Image zoomed(const Image& dream) const {
    const auto part = [&](int edge) { return std::max(1, static_cast<int>(std::lround(edge / zoom_))); };
    return resize(center_crop(dream, part(dream.height), part(dream.width)), dream.height, dream.width,
                  Filter::bicubic);
  }

  // Through all octaves.
  Image dream_on(Run& run, Checkpoint& checkpoint, int64_t frame, const Image& start,
                 const WindowTerms& objective) const {
    Image dream = start;
    for (int64_t octave = 1; octave <= octaves_; ++octave) {
      const Canvas canvas =
          Canvas{start.height, start.width}.scaled(std::pow(octave_scale_, static_cast<double>(octave - octaves_)));
      dream = climb(run, checkpoint, {frame, octave}, with_detail(start, dream, canvas), objective);
    }
    return dream;
  }

  struct Place {
    int64_t frame, octave;
    std::string name() const {
      return (frame > 1 ? "frame " + std::to_string(frame) + ", " : "") + "octave " + std::to_string(octave);
    }
  };

  // The steps of one octave.
  Image climb(Run& run, Checkpoint& checkpoint, const Place& place, const Image& start,
              const WindowTerms& objective) const {
    const InputSpec& input = run.model().image_input();
    auto session = std::make_unique<WindowSession>(run, objective.request("pixels"),
                                                   windows(run, objective, {start.height, start.width}));
    ShiftedEvaluator evaluator(std::make_unique<WindowEvaluator>(objective, std::move(session)), [&](int64_t step) {
      Random random(run.keys().seed, place.frame, place.octave, step);
      const auto offset = [&] { return random.below(2 * jitter_ + 1) - jitter_; };
      const int64_t rows = offset();
      return Pair{rows, offset()};
    });
    const LoopHooks hooks{.picture = [&](const Array& x) { return from_pixels(x, input); }};
    Loop loop(run, place.name(), keys_, checkpoint, evaluator, hooks);
    const auto minimiser = make_minimiser("gradient_ascent",
                                          {{"lr", step_ * grey_level(input)},
                                           {"normalisation", "mean_abs"},
                                           {"min", input.range[0]},
                                           {"max", input.range[1]}},
                                          {1, input.shape.c(), start.height, start.width});
    const LoopResult result = loop.minimise(*minimiser, to_pixels(start, input));
    if (place.frame == 1) show_result(run, place.name(), result);
    return from_pixels(result.x, input);
  }

  // A dream without its video is still one: where ffmpeg is missing, that is said.
  void save_video(Run& run, const std::vector<Image>& frames) const {
    const std::string rate = std::to_string(frame_rate_);
    try {
      run.save_file("zoom.mp4", [&](const std::filesystem::path& file) { write_mp4(file, frames, rate); });
      run.figure("zoom.mp4", std::to_string(frames.size()) + " frames, " + rate + " a second");
    } catch (const MissingFfmpeg& error) {
      run.figure("zoom.mp4", std::string("not written: ") + error.what());
      run.say(std::string("zoom.mp4 is not written: ") + error.what());
    }
  }

  Array guide_features(Run& run) const {
    const Image guide = scaled_to(read_image(guide_), run.model().image_input().shape.w(), run);
    const Model model = network(run, {guide.height, guide.width}).model();
    const std::string layer = layer_of(run);
    const auto session = run.open(model, {.device = run.device(), .observe = {layer}});
    session->set_input("pixels", to_pixels(guide, run.model().image_input()));
    session->forward();
    run.show("guide", guide, "the guide");
    return session->value(layer);
  }

  std::string layer_;
  int64_t channel_ = -1;
  std::filesystem::path guide_;
  int64_t longer_edge_ = 640, octaves_ = 4, jitter_ = 32, frames_ = 1, frame_rate_ = 10;
  double octave_scale_ = 1.4, step_ = 1.5, zoom_ = 1.05;
  LoopKeys keys_;
  MemoryKeys memory_;
};

const RegisterAlgorithm deepdream_registered({"deepdream", "what a layer sees in a photo, amplified",
                                              "Mordvintsev, Olah and Tyka 2015, \"Inceptionism\"",
                                              make_algorithm<DeepDream>});

}  // namespace
}  // namespace convlens::viz
