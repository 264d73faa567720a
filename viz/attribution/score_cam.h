#pragma once

#include "viz/attribution/method.h"

namespace convlens::viz {

/// Score-CAM (Wang et al., "Score-CAM", 2020, algorithm 1): L = ReLU(sum_k w_k A_k) with w = softmax over k of
/// S_c(x * m_k), where m_k is the channel A_k scaled to 0..1 and brought to the photo's size bilinearly. Needs no
/// gradient, but a forward pass a channel. Channels that are the same everywhere mask nothing and are left out. The
/// tensor's 0, which the mask lets in, is the mean colour of models that subtract one.
///
/// `a` is the layer's value for the photo, 1 x K x H x W; the session observes the model's output.
Image score_cam(const ClassQuestion& question, Session& session, const Array& a);

}  // namespace convlens::viz
