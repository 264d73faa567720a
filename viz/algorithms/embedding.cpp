// embedding: a folder's images laid out in the plane, so that images that the network finds alike lie together.
//
// An image's features are the value of one layer, by default what the last fully connected layer is fed with. They
// become two numbers by
//   pca    the first two principal components: linear, distances shrink but are never invented (Pearson 1901);
//   tsne   keeps who is whose neighbour (van der Maaten and Hinton, "Visualizing Data using t-SNE", 2008);
//   umap   the same aim by another loss, quicker for many images (McInnes, Healy and Melville, "UMAP", 2018).
// The last two begin from the first `pca` principal components. A second picture moves the thumbnails to the cells of a
// grid such that the sum of squared moves is least (linear assignment), so that none hides another.
//
// Of t-SNE and UMAP read only who lies together: the sizes of groups, the distances between them and empty space mean
// nothing (Wattenberg, Viegas and Johnson, "How to Use t-SNE Effectively", 2016), and another seed gives another map.

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/features/folder_features.h"
#include "viz/features/layout_pictures.h"
#include "viz/features/pca.h"
#include "viz/features/projection_tool.h"
#include "viz/io/tile.h"
#include "viz/run.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

enum class Method { pca, tsne, umap };

// A cell of a CSV file (RFC 4180).
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

Array copy_of(const Rows& rows) {
  Array matrix({rows.count, rows.width});
  for (int64_t i = 0; i < rows.count; ++i) std::ranges::copy(rows.at(i), matrix.values.begin() + i * rows.width);
  return matrix;
}

// `most` of the images, spread evenly over the folder.
std::vector<size_t> spread(size_t images, size_t most) {
  std::vector<size_t> some;
  for (size_t i = 0; i < std::min(images, most); ++i) some.push_back(i * images / std::min(images, most));
  return some;
}

class Embedding final : public Algorithm {
 public:
  void describe(ParamVisitor& v) override {
    keys_.describe(v);
    v.choice<Method>({.name = "method", .doc = "how features become two numbers; tsne and umap need Python packages"},
                     method_, {{"pca", Method::pca}, {"tsne", Method::tsne}, {"umap", Method::umap}});
    v.field({.name = "pca", .doc = "principal components that tsne and umap begin from; 0: all dimensions", .min = 0},
            pca_);
    v.field({.name = "perplexity", .doc = "of tsne: how many neighbours an image has, roughly", .min = 1}, perplexity_);
    v.field({.name = "neighbours", .doc = "of umap: how many neighbours an image has", .min = 2}, neighbours_);
    v.field({.name = "min_dist", .doc = "of umap: how close points may lie", .min = 0, .max = 1}, min_dist_);
    v.field({.name = "grid", .doc = "also snap the thumbnails to a grid, which needs Python packages"}, grid_);
    v.field({.name = "max_thumbnails",
             .doc = "images shown as thumbnails, spread evenly over the folder",
             .min = 1,
             .max = 10000},
            max_thumbnails_);
    v.field({.name = "picture_size", .doc = "pixels of the scatter's sides", .min = 256, .max = 8192}, picture_size_);
  }

  std::optional<PlanRequest> request(const Run& run) const override { return feature_request(run, keys_); }

  std::map<std::string, std::string> more_inputs() const override { return keys_.folder.inputs(); }

  void execute(Run& run, Session* session) override {
    const FolderFeatures features = folder_features(run, *session, keys_);
    if (features.files.size() < 3)
      throw InputError(keys_.folder.folder.string() + ": a layout needs at least three images, found " +
                       std::to_string(features.files.size()));
    const Shape value = session->plan().values.at(keys_.feature_layer(run.model())).desc.shape;
    const Array points = lay_out(run, features.rows(value.elements() / value.n()));
    run.save("coordinates", points);
    show_scatter(run, features, points);
    show_thumbnails(run, features, points);
    save_csv(run, features, points);
    run.figure("layer", keys_.feature_layer(run.model()));
    run.figure("images", std::to_string(features.files.size()));
  }

 private:
  Array lay_out(Run& run, const Rows& rows) const {
    const int64_t seed = run.keys().seed;
    if (method_ == Method::pca) {
      const Pca pca = fit_pca(rows, 2, seed);
      for (size_t i = 0; i < pca.variance.size(); ++i)
        run.figure("variance along component " + std::to_string(i + 1), percent(pca.variance[i] / pca.total_variance));
      return pca.project(rows);
    }
    const Array reduced = pca_ > 0 ? fit_pca(rows, pca_, seed).project(rows) : copy_of(rows);
    const std::vector<std::string> seeded{"--seed", std::to_string(seed), "--threads",
                                          std::to_string(omp_get_max_threads())};
    std::vector<std::string> arguments = method_ == Method::tsne ? tsne(run, rows.count) : umap(run, rows.count);
    arguments.insert(arguments.end(), seeded.begin(), seeded.end());
    return project(reduced, arguments);
  }

  std::vector<std::string> tsne(Run& run, int64_t images) const {
    const double most = static_cast<double>(images - 1) / 3;
    note_if_lowered(run, "perplexity", perplexity_, most, images);
    return {"tsne", "--perplexity", fixed(std::min(perplexity_, most), 3)};
  }

  std::vector<std::string> umap(Run& run, int64_t images) const {
    const int64_t most = images - 1;
    note_if_lowered(run, "neighbours", static_cast<double>(neighbours_), static_cast<double>(most), images);
    return {"umap", "--neighbours", std::to_string(std::min(neighbours_, most)), "--min-dist", fixed(min_dist_, 4)};
  }

  static void note_if_lowered(Run& run, const std::string& key, double wanted, double most, int64_t images) {
    if (wanted <= most) return;
    const std::string note = "'" + key + "' is " + fixed(most, 1) + " instead of " + fixed(wanted, 1) +
                             ", as there are only " + std::to_string(images) + " images.";
    run.section().notes.push_back(note);
    run.say(note);
  }

  // Images of one sub-folder have one colour.
  void show_scatter(Run& run, const FolderFeatures& features, const Array& points) const {
    std::map<std::string, size_t> groups;
    for (const auto& file : features.files) groups[group_of(file)];
    size_t next = 0;
    for (auto& [name, number] : groups) number = next++;
    std::vector<Colour> colours;
    for (const auto& file : features.files) colours.push_back(group_colour(groups.at(group_of(file))));
    run.show("scatter", draw_scatter(points, colours, static_cast<int>(picture_size_)),
             groups.size() > 1 ? "an image a point, a colour for each sub-folder" : "an image a point");
  }

  static std::string group_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.begin()->string() : "";
  }

  void show_thumbnails(Run& run, const FolderFeatures& features, const Array& points) const {
    const auto shown = spread(features.files.size(), static_cast<size_t>(max_thumbnails_));
    std::vector<Image> thumbnails;
    Array places({std::ssize(shown), 2});
    for (size_t i = 0; i < shown.size(); ++i) {
      thumbnails.push_back(features.store->thumbnail(features.row[shown[i]]));
      std::copy_n(points.values.begin() + static_cast<int64_t>(2 * shown[i]), 2,
                  places.values.begin() + static_cast<int64_t>(2 * i));
    }
    const std::string count =
        shown.size() < features.files.size() ? std::to_string(shown.size()) + " of the images" : "the images";
    run.show("thumbnails", draw_thumbnails(places, thumbnails, static_cast<int>(picture_size_)),
             count + " at their points");
    if (!grid_) return;
    const int columns = square_columns(static_cast<int>(shown.size()), 1, 1);
    const int rows = (static_cast<int>(shown.size()) + columns - 1) / columns;
    const Array cells = project(places, {"grid", "--rows", std::to_string(rows), "--columns", std::to_string(columns)});
    run.show("grid", draw_grid(cells, thumbnails, rows, columns), count + " snapped to a grid");
  }

  static void save_csv(Run& run, const FolderFeatures& features, const Array& points) {
    std::string csv = "file,x,y\n";
    for (size_t i = 0; i < features.files.size(); ++i)
      csv += quoted(features.files[i].generic_string()) + "," + fixed(points.values[2 * i], 6) + "," +
             fixed(points.values[2 * i + 1], 6) + "\n";
    run.save_text("coordinates.csv", csv);
  }

  FeatureKeys keys_;
  Method method_ = Method::tsne;
  double perplexity_ = 30, min_dist_ = 0.1;
  int64_t pca_ = 50, neighbours_ = 15, max_thumbnails_ = 2500, picture_size_ = 1024;
  bool grid_ = true;
};

const RegisterAlgorithm embedding_registered({"embedding", "a folder's images laid out in the plane by their features",
                                              "van der Maaten and Hinton 2008, JMLR 9", make_algorithm<Embedding>});

}  // namespace
}  // namespace convlens::viz
