#pragma once

#include "engine/losses.h"

namespace convlens::viz {

/// How alike the images of a batch are to a layer, such as a gram: the mean over all pairs of images of the cosine
/// between their values (Olah, Mordvintsev and Schubert, "Feature Visualization", 2017, the diversity term). Made
/// small, images show different modes of one target. Where an image's value is 0 its cosines count as 0.
Loss mean_cosine(std::string layer);

}  // namespace convlens::viz
