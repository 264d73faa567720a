// nearest: the images of a folder that the network finds most like the photo.
//
// An image's features are the value x of one layer, by default what the last fully connected layer is fed with, the
// last before the classes (Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
// Networks", 2012, figure 4). Close is a small |x - q| (L2), or a small angle between them (cosine), in all dimensions
// or in the first principal components.
//
// It shows what the network takes for alike, which need not look alike: that is what it tells about the network. A
// distance has no unit, and is comparable only within one layer.

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/features/folder_features.h"
#include "viz/features/neighbours.h"
#include "viz/features/pca.h"
#include "viz/io/tile.h"
#include "viz/preprocess.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

class Nearest final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    keys_.describe(v);
    v.field({.name = "neighbours", .doc = "how many images are shown", .min = 1, .max = 200}, neighbours_);
    v.choice<Metric>({.name = "metric", .doc = "l2: length of the difference; cosine: 1 less the angle's cosine"},
                     metric_, {{"l2", Metric::l2}, {"cosine", Metric::cosine}});
    v.field(
        {.name = "pca", .doc = "compare in so many principal components of the folder; 0: in all dimensions", .min = 0},
        pca_);
  }

  std::optional<PlanRequest> request(const Run& run) const override {
    run.view();
    return feature_request(run, keys_);
  }

  std::map<std::string, std::string> more_inputs() const override { return keys_.folder.inputs(); }

  void execute(Run& run, Session* session) override {
    const Array query = features_of_photo(run, *session);
    const FolderFeatures features = folder_features(run, *session, keys_);
    const auto found = search(features.rows(query.shape[1]), query, run.keys().seed);
    show(run, features, found);
    report(run, features, found);
  }

 private:
  // The photo alone in a batch.
  Array features_of_photo(const Run& run, Session& session) const {
    const std::string layer = keys_.feature_layer(run.model());
    Array batch = session.value(run.input_name());
    std::ranges::copy(run.tensor().values, batch.values.begin());
    session.set_input(run.input_name(), batch);
    session.forward();
    Array value = session.value(layer);
    const int64_t width = value.shape.elements() / value.shape.n();
    value.values.resize(static_cast<size_t>(width));
    value.shape = {1, width};
    return value;
  }

  std::vector<Neighbour> search(const Rows& rows, const Array& query, int64_t seed) const {
    if (pca_ == 0) return nearest_neighbours(query.values, rows, metric_, neighbours_);
    const Pca pca = fit_pca(rows, pca_, seed);
    const Array reduced = pca.project(rows);
    return nearest_neighbours(pca.project(rows_of(query)).values, rows_of(reduced), metric_, neighbours_);
  }

  void show(Run& run, const FolderFeatures& features, const std::vector<Neighbour>& found) const {
    std::vector<Image> sheet{run.view()};
    const ViewSize size = view_size(run);
    for (const Neighbour& n : found) {
      const auto& file = features.files[static_cast<size_t>(n.index)];
      sheet.push_back(network_view(read_image(keys_.folder.folder / file), size.input, size.height, size.width));
    }
    const int columns = square_columns(static_cast<int>(sheet.size()), size.height, size.width);
    run.show("nearest", tile_grid(sheet, columns, 4),
             "the photo, then the images most like it, row by row, the most alike first");
  }

  void report(Run& run, const FolderFeatures& features, const std::vector<Neighbour>& found) const {
    const std::string layer = keys_.feature_layer(run.model());
    Table table{.caption = "Nearest in " + layer, .header = {"rank", "image", "distance"}};
    for (size_t i = 0; i < found.size(); ++i) {
      const std::string file = features.files[static_cast<size_t>(found[i].index)].generic_string();
      const std::string rank = std::to_string(i + 1), distance = fixed(found[i].distance, 4);
      table.rows.push_back({rank, file, distance});
      run.results["nearest"].push_back({{"file", file}, {"distance", found[i].distance}});
      if (i < 5) run.say(distance + "  " + file);
    }
    run.section().tables.push_back(std::move(table));
    run.figure("layer", layer);
    run.figure("images", std::to_string(features.files.size()));
    run.results["layer"] = layer;
  }

  FeatureKeys keys_;
  int64_t neighbours_ = 8, pca_ = 0;
  Metric metric_ = Metric::l2;
};

const RegisterAlgorithm nearest_registered({"nearest",
                                            "the images of a folder most like the photo in a layer's features",
                                            "Krizhevsky, Sutskever and Hinton 2012, figure 4",
                                            make_algorithm<Nearest>});

}  // namespace
}  // namespace convlens::viz
