#pragma once

#include <cstdint>
#include <vector>

#include "engine/array.h"
#include "viz/features/rows.h"

namespace convlens::viz {

/// Principal components: the orthonormal directions along which rows vary most, the strongest first.
struct Pca {
  std::vector<float> mean;       ///< D
  Array components;              ///< k x D; the greatest entry of each is positive, so that signs are no chance
  std::vector<double> variance;  ///< k: of the rows along each component, divided by N - 1
  double total_variance = 0;     ///< along all directions

  /// Rows in the components' coordinates, N x k.
  Array project(const Rows& rows) const;
};

/// The first `components` principal components, fewer where N - 1 or D is less. Rows are read in passes; of them no
/// more than a block is in memory. By Eigen: the eigenvectors of the D x D covariance, or of the N x N matrix of inner
/// products where N is smaller; above 5,000 dimensions those of a random subspace that power iterations turned towards
/// the strongest directions (Halko, Martinsson and Tropp, "Finding Structure with Randomness", 2011, algorithm 4.4),
/// which `seed` begins.
Pca fit_pca(const Rows& rows, int64_t components, int64_t seed);

}  // namespace convlens::viz
