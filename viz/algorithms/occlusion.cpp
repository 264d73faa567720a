// occlusion: what the network can do without.
//
// A patch of one colour is slid over the photo. At each place p the drop of the class score is
//   d_p = s(x) - s(x with the patch at p),
// s the class's probability or, on request, its score before softmax ("logit"); the map shows at each pixel the mean of
// d_p over the patches that cover it (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014,
// section 4.2; the patch, their grey square, has the colour that the model file names as the mean).
//
// It tells what the network misses when it is hidden, by trying it: no gradient is taken. It does not tell what would
// do instead: where two things each suffice, hiding one of them changes nothing. And the patch is itself something to
// see, whose colour and edges the network was never trained on; sizes other than the object's blur or tear the map.

#include <algorithm>
#include <cmath>

#include "engine/patch_session.h"
#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/attribution/method.h"
#include "viz/preprocess.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

enum class Score { probability, logit };
enum class Fill { mean, black, grey, white };

// Offsets a stride apart, and a last one at the end, so that all pixels are covered.
std::vector<int64_t> offsets(int64_t extent, int64_t patch, int64_t stride) {
  std::vector<int64_t> list;
  for (int64_t at = 0; at < extent - patch; at += stride) list.push_back(at);
  list.push_back(extent - patch);
  return list;
}

class Occlusion final : public AttributionMethod {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "patch", .doc = "height and width of the patch in pixels", .min = 1}, patch_);
    v.field({.name = "stride", .doc = "pixels from one place of the patch to the next; at most its size", .min = 1},
            stride_);
    v.choice<Fill>({.name = "fill", .doc = "colour of the patch; mean: the mean of the model's file"}, fill_,
                   {{"mean", Fill::mean}, {"black", Fill::black}, {"grey", Fill::grey}, {"white", Fill::white}});
    v.choice<Score>({.name = "score", .doc = "whose drop is shown: the probability, or the score before softmax"},
                    score_, {{"probability", Score::probability}, {"logit", Score::logit}});
    v.field({.name = "batch", .doc = "places the network sees at once", .min = 1, .max = 1024}, batch_);
  }

  PlanRequest request(const Question& question) const override { return question.base_request(); }

  Attribution attribute(const ClassQuestion& question, Session& /*session*/) const override {
    const PatchGrid grid = grid_for(question.input.shape);
    Attribution answer{.has_sign = true};
    const Array drops = drops_at(question, grid, answer);
    answer.map = heat(question.input.shape, grid, drops);
    answer.arrays["drops"] = drops;
    report(grid, drops, question.target, answer);
    return answer;
  }

 private:
  PatchGrid grid_for(const Shape& photo) const {
    const std::array<int64_t, 2> extent{photo.h(), photo.w()};
    for (size_t i = 0; i < 2; ++i) {
      if (patch_[i] > extent[i])
        throw InputError("'patch' must fit into the image of " + pair_text(extent) + " pixels, found " +
                         pair_text(patch_));
      if (stride_[i] > patch_[i])
        throw InputError("'stride' must be at most 'patch', " + pair_text(patch_) +
                         ", or pixels are never covered; found " + pair_text(stride_));
    }
    return {.size = patch_,
            .rows = offsets(extent[0], patch_[0], stride_[0]),
            .columns = offsets(extent[1], patch_[1], stride_[1])};
  }

  static std::string pair_text(const Pair& pair) { return std::to_string(pair[0]) + " x " + std::to_string(pair[1]); }

  Array patch_array(const InputSpec& input) const {
    const Shape shape{1, input.shape.c(), patch_[0], patch_[1]};
    if (fill_ == Fill::mean) return Array(shape);  // (mean - mean) / std
    const float value = fill_ == Fill::black ? 0 : fill_ == Fill::grey ? 0.5F : 1;
    return to_tensor(
        make_image(static_cast<int>(shape.c()), static_cast<int>(shape.h()), static_cast<int>(shape.w()), value),
        input);
  }

  // Of image `n` of a batch of class scores.
  double score_of(const Array& scores, int64_t n, int64_t target) const {
    const auto row = scores.values.begin() + n * scores.shape.c();
    if (score_ == Score::logit) return row[target];
    double sum = 0;
    for (int64_t c = 0; c < scores.shape.c(); ++c) sum += std::exp(static_cast<double>(row[c]) - row[target]);
    return 1 / sum;
  }

  // 1 x 1 x rows x columns of the grid.
  Array drops_at(const ClassQuestion& question, const PatchGrid& grid, Attribution& answer) const {
    Array drops({1, 1, std::ssize(grid.rows), std::ssize(grid.columns)});
    PlanRequest request = question.base_request();
    request.batch = std::min(batch_, drops.shape.elements());
    PatchSession session(question.model, request, grid);
    session.set_image(question.input);
    const int64_t target = question.target.index;
    const double whole = score_of(session.unpatched(), 0, target);
    const Array patch = patch_array(question.model.image_input());
    Progress progress("occlusion", "place", drops.shape.elements(), question.display);
    for (int64_t first = 0; first < drops.shape.elements(); first += request.batch) {
      std::vector<PatchSession::Place> places;
      for (int64_t i = first; i < std::min(first + request.batch, drops.shape.elements()); ++i)
        places.push_back({static_cast<size_t>(i / drops.shape.w()), static_cast<size_t>(i % drops.shape.w())});
      const Array scores = session.forward(patch, places);
      for (int64_t n = 0; n < std::ssize(places); ++n)
        drops.values[static_cast<size_t>(first + n)] = static_cast<float>(whole - score_of(scores, n, target));
      progress.advance(std::ssize(places));
    }
    answer.figures.push_back({"memory of the places", megabytes(session.bytes())});
    return drops;
  }

  Region place(const PatchGrid& grid, size_t index) const {
    const int64_t y = grid.rows[index / grid.columns.size()], x = grid.columns[index % grid.columns.size()];
    return {{y, y + patch_[0]}, {x, x + patch_[1]}};
  }

  // At each pixel the mean of the drops of the patches that cover it.
  Image heat(const Shape& photo, const PatchGrid& grid, const Array& drops) const {
    Image sum = make_image(1, static_cast<int>(photo.h()), static_cast<int>(photo.w())), count = sum;
    for (size_t i = 0; i < drops.values.size(); ++i) {
      const Region r = place(grid, i);
      for (auto y = static_cast<int>(r.y.begin); y < r.y.end; ++y)
        for (auto x = static_cast<int>(r.x.begin); x < r.x.end; ++x) {
          sum.at(0, y, x) += drops.values[i];
          ++count.at(0, y, x);
        }
    }
    for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] /= count.values[i];
    return sum;
  }

  void report(const PatchGrid& grid, const Array& drops, const ClassScore& target, Attribution& answer) const {
    const auto strongest = static_cast<size_t>(std::ranges::max_element(drops.values) - drops.values.begin());
    const Region r = place(grid, strongest);
    const std::string at = "(" + std::to_string(r.y.begin) + ", " + std::to_string(r.x.begin) + ")";
    const std::string drop = score_ == Score::probability ? percent(drops.values[strongest]) + " of probability"
                                                          : fixed(drops.values[strongest], 3);
    answer.figures.push_back({"places", std::to_string(drops.values.size())});
    answer.figures.push_back({"largest drop", drop + " at " + at});
    answer.results = {{"places", drops.values.size()},
                      {"largest_drop", {{"drop", drops.values[strongest]}, {"y", r.y.begin}, {"x", r.x.begin}}}};
    answer.said.push_back("hiding " + at + " costs " + target.name + " most: " + drop);
  }

  Pair patch_{16, 16}, stride_{8, 8};
  Fill fill_ = Fill::mean;
  Score score_ = Score::probability;
  int64_t batch_ = 16;
};

const RegisterMethod<Occlusion> occlusion_registered(
    {.name = "occlusion",
     .summary = "drop of the class score where a patch hides the photo",
     .source = "Zeiler and Fergus 2014, arXiv:1311.2901"});

}  // namespace
}  // namespace convlens::viz
