#include "viz/features/pca.h"

#include <Eigen/Dense>
#include <algorithm>
#include <random>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr int64_t exact_up_to = 5000;  // dimensions
constexpr int64_t block_rows = 256;    // in memory at once
constexpr int64_t oversampling = 10;   // directions beyond those wanted (Halko et al., section 4.2)
constexpr int power_iterations = 7;    // as scikit-learn, where few components are wanted

Vector row(const Rows& rows, int64_t i) {
  const auto values = rows.at(i);
  return Eigen::Map<const Eigen::VectorXf>(values.data(), rows.width).cast<double>();
}

Vector mean_of(const Rows& rows) {
  Vector sum = Vector::Zero(rows.width);
  for (int64_t i = 0; i < rows.count; ++i) sum += row(rows, i);
  return sum / static_cast<double>(rows.count);
}

/// The rows less their mean, X (N x D), of which a block at a time is in memory.
class Centred {
 public:
  Centred(const Rows& rows, Vector mean) : rows_(rows), mean_(std::move(mean)) {}

  int64_t count() const { return rows_.count; }
  int64_t width() const { return rows_.width; }
  const Vector& mean() const { return mean_; }

  Matrix block(int64_t begin) const {
    Matrix block(std::min(block_rows, count() - begin), width());
    for (int64_t i = 0; i < block.rows(); ++i) block.row(i) = row(rows_, begin + i) - mean_;
    return block;
  }

  double squared_norm() const {
    double sum = 0;
    for (int64_t i = 0; i < count(); i += block_rows) sum += block(i).squaredNorm();
    return sum;
  }

  Matrix covariance_sum() const {  // X^T X
    Matrix sum = Matrix::Zero(width(), width());
    for (int64_t i = 0; i < count(); i += block_rows)
      sum.selfadjointView<Eigen::Lower>().rankUpdate(block(i).transpose());
    return sum;
  }

  Matrix inner_products() const {  // X X^T
    Matrix products(count(), count());
    for (int64_t i = 0; i < count(); i += block_rows) {
      const Matrix rows = block(i);
      for (int64_t j = 0; j <= i; j += block_rows)
        products.block(i, j, rows.rows(), std::min(block_rows, count() - j)) = rows * block(j).transpose();
    }
    return products;
  }

  Matrix times(const Matrix& right) const {  // X B
    Matrix product(count(), right.cols());
    for (int64_t i = 0; i < count(); i += block_rows)
      product.middleRows(i, std::min(block_rows, count() - i)) = block(i) * right;
    return product;
  }

  Matrix transposed_times(const Matrix& right) const {  // X^T B
    Matrix product = Matrix::Zero(width(), right.cols());
    for (int64_t i = 0; i < count(); i += block_rows) {
      const Matrix rows = block(i);
      product += rows.transpose() * right.middleRows(i, rows.rows());
    }
    return product;
  }

 private:
  const Rows& rows_;
  Vector mean_;
};

/// Directions as columns, the strongest first, with |X d|^2 of each.
struct Directions {
  Matrix vectors;
  Vector strengths;
};

// Of a symmetric matrix, of which the lower half is there.
Directions strongest(const Matrix& symmetric, int64_t k) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
  if (solver.info() != Eigen::Success) throw InternalError("the principal components did not converge");
  return {solver.eigenvectors().rightCols(k).rowwise().reverse(), solver.eigenvalues().tail(k).reverse()};
}

// X X^T u = s u gives the direction X^T u / sqrt(s).
Directions by_inner_products(const Centred& x, int64_t k) {
  Directions found = strongest(x.inner_products(), k);
  found.vectors = x.transposed_times(found.vectors);
  found.vectors.colwise().normalize();
  return found;
}

Matrix orthonormal(const Matrix& columns) {
  return Eigen::HouseholderQR<Matrix>(columns).householderQ() * Matrix::Identity(columns.rows(), columns.cols());
}

Directions by_random_subspace(const Centred& x, int64_t k, int64_t seed) {
  const int64_t width = std::min({k + oversampling, x.count(), x.width()});
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  std::normal_distribution<double> normal;
  Matrix basis = Matrix::NullaryExpr(x.width(), width, [&] { return normal(random); });
  for (int i = 0; i < power_iterations; ++i) basis = orthonormal(x.transposed_times(orthonormal(x.times(basis))));
  const Matrix seen = x.times(basis);
  Directions found = strongest(seen.transpose() * seen, k);
  found.vectors = basis * found.vectors;
  return found;
}

Directions directions(const Centred& x, int64_t k, int64_t seed) {
  if (x.width() > exact_up_to) return by_random_subspace(x, k, seed);
  return x.count() < x.width() ? by_inner_products(x, k) : strongest(x.covariance_sum(), k);
}

}  // namespace

Pca fit_pca(const Rows& rows, int64_t components, int64_t seed) {
  if (rows.count < 2)
    throw InputError("principal components need at least two images, found " + std::to_string(rows.count));
  const Centred x(rows, mean_of(rows));
  const int64_t k = std::min({components, rows.count - 1, rows.width});
  Directions found = directions(x, k, seed);
  const auto degrees = static_cast<double>(rows.count - 1);
  Pca pca{.components = Array({k, rows.width}), .total_variance = x.squared_norm() / degrees};
  for (int64_t i = 0; i < rows.width; ++i) pca.mean.push_back(static_cast<float>(x.mean()[i]));
  for (int64_t j = 0; j < k; ++j) {
    auto vector = found.vectors.col(j);
    Eigen::Index greatest = 0;
    vector.cwiseAbs().maxCoeff(&greatest);
    if (vector[greatest] < 0) vector = -vector;
    std::ranges::transform(vector, pca.components.values.begin() + j * rows.width,
                           [](double v) { return static_cast<float>(v); });
    pca.variance.push_back(std::max(0.0, found.strengths[j]) / degrees);
  }
  return pca;
}

Array Pca::project(const Rows& rows) const {
  const int64_t k = components.shape[0];
  const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> directions(
      components.values.data(), k, rows.width);
  const Eigen::Map<const Eigen::VectorXf> centre(mean.data(), rows.width);
  Array projected({rows.count, k});
  for (int64_t i = 0; i < rows.count; ++i) {
    const Eigen::VectorXf row = Eigen::Map<const Eigen::VectorXf>(rows.at(i).data(), rows.width) - centre;
    Eigen::Map<Eigen::VectorXf>(projected.values.data() + i * k, k).noalias() = directions * row;
  }
  return projected;
}

}  // namespace convlens::viz
