#pragma once

#include "engine/array.h"
#include "viz/io/image.h"

namespace convlens::viz {

// Maps of H x W from a layer's value A and the gradient G = dS_c/dA of a class score, both 1 x K x H x W. They are not
// scaled. Negative sums become 0 (the ReLU of the papers): only what speaks for the class is shown.

/// sum_k w_k A_k with given weights of the channels.
Image weighted_channels(const Array& a, const std::vector<double>& weights);

/// w_k = mean of G_k (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2).
Image grad_cam(const Array& a, const Array& g);

/// w_k = sum of alpha_k ReLU(G_k), alpha_k = G_k^2 / (2 G_k^2 + G_k^3 sum A_k), 0 where G_k is 0 (Chattopadhay et al.,
/// "Grad-CAM++", 2018, equations 10 and 19 for the score exp(S_c), which leaves a common factor out).
Image grad_cam_plus_plus(const Array& a, const Array& g);

/// sum_k ReLU(G_k) A_k, each place with its own weight (Jiang et al., "LayerCAM", 2021, equations 3 to 5).
Image layer_cam(const Array& a, const Array& g);

/// A v, where A is H W x K and v its first right singular vector, of the sign that makes the sum positive (Muhammad and
/// Yeasin, "Eigen-CAM", 2020). It asks for no class.
Image eigen_cam(const Array& a);

}  // namespace convlens::viz
