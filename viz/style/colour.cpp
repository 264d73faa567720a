#include "viz/style/colour.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace convlens::viz {
namespace {

using Colours = Eigen::MatrixXd;  // a row a channel, a column a pixel

Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> colours_of(const Image& image) {
  return {image.values.data(), image.channels, static_cast<Eigen::Index>(image.height) * image.width};
}

/// Mean and covariance of an image's colours.
struct Moments {
  explicit Moments(const Image& image) {
    const Colours colours = colours_of(image).cast<double>();
    mean = colours.rowwise().mean();
    const Colours centred = colours.colwise() - mean;
    covariance = centred * centred.transpose() / static_cast<double>(colours.cols());
  }

  /// Channels that hardly differ (a grey picture's) have variances near zero in some directions: one grey level of 255
  /// squared is added to all, so that they are not blown up.
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> roots() const {
    const double level = 1.0 / 255;
    const auto n = covariance.rows();
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(covariance + level * level * Eigen::MatrixXd::Identity(n, n));
  }

  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

}  // namespace

Image luminance(const Image& image) {
  if (image.channels == 1) return image;
  Image grey = image;
  const size_t pixels = image.values.size() / 3;
  for (size_t i = 0; i < pixels; ++i)
    grey.values[i] = grey.values[pixels + i] = grey.values[2 * pixels + i] =
        0.299F * image.values[i] + 0.587F * image.values[pixels + i] + 0.114F * image.values[2 * pixels + i];
  return grey;
}

// What is added to red, green and blue alike changes the luminance by as much and the chroma not at all.
Image with_luminance(const Image& photo, const Image& picture) {
  Image result = photo;
  const Image from = luminance(photo), to = luminance(picture);
  for (size_t i = 0; i < result.values.size(); ++i) result.values[i] += to.values[i] - from.values[i];
  return result;
}

Image with_colours_of(const Image& photo, const Image& picture) {
  const Moments wanted(photo), given(picture);
  const Eigen::MatrixXd map = wanted.roots().operatorSqrt() * given.roots().operatorInverseSqrt();
  const Colours moved = (map * (colours_of(picture).cast<double>().colwise() - given.mean)).colwise() + wanted.mean;
  Image result = picture;
  for (int channel = 0; channel < picture.channels; ++channel)
    for (Eigen::Index i = 0; i < moved.cols(); ++i)
      result.values[static_cast<size_t>(channel * moved.cols() + i)] =
          static_cast<float>(std::clamp(moved(channel, i), 0.0, 1.0));
  return result;
}

}  // namespace convlens::viz
