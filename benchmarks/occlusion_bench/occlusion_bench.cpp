// occlusion_bench: a batch of places of occlusion's patch, computed from what the patch reaches
// (engine/patch_session.h) and from whole images, in turns. All batches of a photo cost the same, so one stands for
// all. Or served to benchmarks/peers, whose other frameworks are given the whole images.

#include <omp.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "benchmarks/base/environment.h"
#include "benchmarks/base/random_array.h"
#include "benchmarks/base/raw_file.h"
#include "benchmarks/base/serve.h"
#include "engine/device_memory.h"
#include "engine/patch_session.h"
#include "engine/timing.h"
#include "kernels/base/guarded_main.h"
#include "kernels/base/json.h"
#include "weights/model_file.h"

namespace convlens::bench {
namespace {

struct Options {
  std::vector<std::string> models;
  int64_t patch = 16, stride = 8, batch = 16, size = 224;
  int repetitions = 9, threads = 0;
  std::string json, input, hidden_images;
  bool serve = false;
};

std::vector<int64_t> offsets(const Options& options) {
  std::vector<int64_t> list;
  for (int64_t at = 0; at + options.patch <= options.size; at += options.stride) list.push_back(at);
  return list;
}

/// A batch of places, spread evenly over the grid.
std::vector<PatchSession::Place> spread_places(const PatchGrid& grid, int64_t batch) {
  const size_t all = grid.rows.size() * grid.columns.size();
  std::vector<PatchSession::Place> places;
  for (int64_t i = 0; i < batch; ++i) {
    const size_t place = static_cast<size_t>(i) * (all - 1) / static_cast<size_t>(std::max<int64_t>(batch - 1, 1));
    places.push_back({place / grid.columns.size(), place % grid.columns.size()});
  }
  return places;
}

/// The image with zeros at each place.
Array hidden_images(const Array& image, const PatchGrid& grid, const std::vector<PatchSession::Place>& places) {
  const Shape& s = image.shape;
  Array images({std::ssize(places), s.c(), s.h(), s.w()});
  auto to = images.values.begin();
  for (const auto& place : places) {
    std::ranges::copy(image.values, to);
    for (int64_t c = 0; c < s.c(); ++c)
      for (int64_t y = grid.rows[place.row]; y < grid.rows[place.row] + grid.size[0]; ++y)
        std::fill_n(to + (c * s.h() + y) * s.w() + grid.columns[place.column], grid.size[1], 0.0F);
    to += s.elements();
  }
  return images;
}

double relative_difference(const Array& a, const Array& b) {
  double difference = 0, scale = 0;
  for (size_t i = 0; i < b.values.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
    scale = std::max(scale, std::abs(static_cast<double>(b.values[i])));
  }
  return difference / scale;
}

/// A model, an image, a patch of zeros and a batch of its places.
struct Occlusion {
  Occlusion(const std::string& folder, const Options& options) : model(read_model(folder)) {
    const InputSpec& spec = model->image_input();
    const auto along = offsets(options);
    grid = {.size = {options.patch, options.patch}, .rows = along, .columns = along};
    image = random_array({1, spec.shape.c(), options.size, options.size});
    if (!options.input.empty()) read_raw(options.input, image);
    patch = Array({1, spec.shape.c(), options.patch, options.patch});
    places = spread_places(grid, options.batch);
    request = {.batch = options.batch, .input_shapes = {{spec.name, image.shape}}, .observe = {model->output}};
  }

  std::shared_ptr<const Model> model;
  PatchGrid grid;
  Array image, patch;
  std::vector<PatchSession::Place> places;
  PlanRequest request;
};

Json measure(const std::string& folder, const Options& options) {
  const Occlusion o(folder, options);
  PatchSession parts(*o.model, o.request, o.grid);
  Session whole(*o.model, o.request);
  const double once = seconds_of([&] { parts.set_image(o.image); });
  Array from_parts, from_whole;
  const TimedCall calls[] = {{[&] { from_parts = parts.forward(o.patch, o.places); }, [] {}},
                             {[&] {
                                whole.set_input(o.model->image_input().name, hidden_images(o.image, o.grid, o.places));
                                whole.forward();
                                from_whole = whole.value(o.model->output);
                              },
                              [] {}}};
  const auto timings = time_interleaved(calls, {.samples = options.repetitions});
  const size_t count = o.grid.rows.size() * o.grid.columns.size();
  const double per_place = 1e3 / static_cast<double>(options.batch);
  Json record{{"model", o.model->name},
              {"places", count},
              {"pieces", parts.plan().pieces.size()},
              {"tail_layers", parts.plan().tail.layers.size()},
              {"once_ms", once * 1e3},
              {"parts_best_ms", timings[0].best * per_place},
              {"parts_median_ms", timings[0].median * per_place},
              {"whole_best_ms", timings[1].best * per_place},
              {"whole_median_ms", timings[1].median * per_place},
              {"ratio_best", timings[1].best / timings[0].best},
              {"ratio_median", timings[1].median / timings[0].median},
              {"difference", relative_difference(from_parts, from_whole)},
              {"parts_bytes", parts.bytes()},
              {"whole_bytes", device_bytes(whole.plan())}};
  std::printf(
      "%-20s ms a place: parts best %.2f, median %.2f; whole best %.2f, median %.2f; ratio best %.1f, median %.1f; "
      "largest difference %.1e; %zu places\n",
      o.model->name.c_str(), timings[0].best * per_place, timings[0].median * per_place, timings[1].best * per_place,
      timings[1].median * per_place, timings[1].best / timings[0].best, timings[1].median / timings[0].median,
      record["difference"].get<double>(), count);
  return record;
}

void serve_parts(const Occlusion& o) {
  PatchSession parts(*o.model, o.request, o.grid);
  parts.set_image(o.image);
  Array scores;
  serve([&] { scores = parts.forward(o.patch, o.places); },
        [&](const std::string& prefix) { write_raw(prefix + ".output.f32", scores); });
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("occlusion: the part of each map that the patch reaches, against whole images");
  app.add_option("models", options.models, "folders of models")->required();
  app.add_option("--patch", options.patch, "height and width of the patch");
  app.add_option("--stride", options.stride, "pixels from place to place");
  app.add_option("--size", options.size, "height and width of the image");
  app.add_option("--batch", options.batch, "places at once");
  app.add_option("--repetitions", options.repetitions, "turns");
  app.add_option("--json", options.json, "file for the results");
  app.add_option("--threads", options.threads, "OpenMP threads; 0: all");
  app.add_option("--input", options.input, "raw float32 file for the image");
  app.add_option("--hidden-images", options.hidden_images, "only write the images under the patch to this raw file");
  app.add_flag("--serve", options.serve, "answer requests on the standard input (benchmarks/peers)");
  CLI11_PARSE(app, argc, argv);
  if (options.threads > 0) omp_set_num_threads(options.threads);
  if (!options.hidden_images.empty() || options.serve) {
    if (options.models.size() != 1) throw InputError("--serve and --hidden-images take one model");
    const Occlusion o(options.models[0], options);
    if (options.serve)
      serve_parts(o);
    else
      write_raw(options.hidden_images, hidden_images(o.image, o.grid, o.places));
    return 0;
  }
  const Json where = environment();
  std::printf("%s\n", to_line(where).c_str());
  Json record{{"environment", where}, {"results", Json::array()}};
  for (const std::string& folder : options.models) record["results"].push_back(measure(folder, options));
  if (!options.json.empty()) std::ofstream(options.json) << record.dump(2) << '\n';
  return 0;
}

}  // namespace
}  // namespace convlens::bench

int main(int argc, char** argv) {
  return convlens::guarded_main("occlusion_bench", [&] { return convlens::bench::run(argc, argv); });
}
