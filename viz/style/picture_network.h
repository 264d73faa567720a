#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/algorithm.h"
#include "viz/optimisation/graph_builder.h"
#include "viz/optimisation/objective.h"
#include "viz/optimisation/window_evaluator.h"
#include "viz/run.h"
#include "viz/style/canvas.h"
#include "viz/style/guides.h"

namespace convlens::viz {

/// A run's network behind a picture's pixels (viz/optimisation/pixels.h), and behind its layers what is measured there.
class PictureNetwork {
 public:
  static constexpr const char* pixels = "pixels";  ///< the input

  PictureNetwork(const Run& run, const Canvas& canvas);

  const Canvas& canvas() const { return canvas_; }

  /// C x H x W of a layer's features. Throws InputError with the nearest names where there is no such layer.
  Shape features(const std::string& layer) const;

  /// The mean of squared differences from `target`, C x H x W.
  void add_distance(const std::string& term, const std::string& layer, const Array& target, double weight);
  /// Their sum over that of the target's squares. Throws InputError where the target is zero.
  void add_relative_distance(const std::string& term, const std::string& layer, const Array& target, double weight);
  /// The mean of squared differences of the Gram matrix from `target`, 1 x C x C.
  void add_gram_distance(const std::string& term, const std::string& layer, const Array& target,
                         const std::string& divisor, double weight);
  /// The same in a region of the picture alone (viz/style/guides.h); the mask is of any size.
  void add_guided_gram_distance(const std::string& term, const std::string& layer, const Image& mask,
                                const Array& target, const std::string& divisor, double weight);
  /// How much neighbouring pixels differ, in grey levels; `norm` and `beta` as of the operator total_variation.
  void add_variation(const std::string& term, const std::string& norm, double beta, double weight);

  // For B = 80 grey levels, what is usual (Mahendran and Vedaldi, "Visualizing Deep Convolutional Neural Networks Using
  // Natural Pre-images", 2016):
  /// The total variation over H W (B / 6.5)^beta.
  void add_usual_variation(const std::string& term, double beta, double weight);
  /// The sum of |x|^alpha over H W B^alpha, x in grey levels from the network's mean.
  void add_usual_norm(const std::string& term, double alpha, double weight);

  /// Terms of weight 0 are left out.
  Objective objective() const { return Objective(terms_); }
  /// For Session: all that the terms need, and the gradient by the pixels.
  Stage stage(const std::string& name) const;

  /// The objective by the pixels, on sessions that take at most so many bytes: of the whole picture, or else window by
  /// window. Throws InputError where that is not enough.
  std::unique_ptr<Evaluator> evaluator(Run& run, std::optional<size_t> bytes) const;
  /// The sessions that evaluator() opens, for --plan.
  std::vector<Stage> stages(const std::string& name, std::optional<size_t> bytes) const;

 private:
  void add_squared_distance(const std::string& term, const std::string& layer, const Array& target, double weight);
  void add_gram_term(const std::string& term, const GramSum& gram, const std::string& features, const Array& target,
                     const std::string& divisor, double weight);
  void add_pixel_term(const std::string& term, const std::string& op, const std::string& input, const Json& params,
                      double weight);
  void add_term(const std::string& term, const std::string& op, const std::string& input, const Json& params,
                const std::vector<Array>& weights, double weight);
  double pixel_count() const { return static_cast<double>(canvas_.height * canvas_.width); }
  bool fits_whole(std::optional<size_t> bytes) const;
  PlanRequest request(const Objective& objective) const;
  WindowPlan windows(size_t bytes) const;

  const Run& run_;
  Canvas canvas_;
  // The same objective twice: losses behind the network on the whole picture; and apart, what windows can sum up and
  // what is measured of the pixels.
  GraphBuilder graph_;
  std::string normalised_;
  std::vector<Term> terms_;
  Guides guides_;
  WindowTerms window_terms_;
  GraphBuilder pixel_graph_;
  std::vector<Term> pixel_terms_;
};

/// The sum of an array's squares.
double squares_of(const Array& array);

// By sessions that take at most `bytes`, if that is given:

/// What layers say to an image, C x H x W each.
std::vector<Array> features_of(Run& run, const Image& image, const std::vector<std::string>& layers,
                               std::optional<size_t> bytes = {});

/// Their Gram matrices, 1 x C x C each.
std::vector<Array> grams_of(Run& run, const Image& image, const std::vector<std::string>& layers,
                            const std::string& divisor, std::optional<size_t> bytes = {});
/// Those of a region of the image; the grey mask is of any size.
std::vector<Array> guided_grams_of(Run& run, const Image& image, const Image& mask,
                                   const std::vector<std::string>& layers, const std::string& divisor,
                                   std::optional<size_t> bytes = {});

}  // namespace convlens::viz
