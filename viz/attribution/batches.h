#pragma once

#include <functional>
#include <span>
#include <string>

#include "engine/session.h"

namespace convlens::viz {

/// How many of `count` images a session of this request should take at once: as many as fit into half of the device's
/// free memory, at most 16 (more take memory and gain no time), in equal parts.
int64_t fitting_batch(const Model& model, const PlanRequest& request, int64_t count);

/// A forward pass with the same image (1 x C x H x W) in every place of the batch.
void run_repeated(Session& session, const std::string& input, const Array& image);

/// A forward pass for every batch of `count` images. `fill` writes image i (C x H x W numbers); `use` is called after
/// the forward pass of images first .. first + n - 1, which lie in the places 0 .. n - 1.
void run_batches(Session& session, const std::string& input, int64_t count,
                 const std::function<void(int64_t i, std::span<float> image)>& fill,
                 const std::function<void(int64_t first, int64_t n)>& use);

Array first_of_batch(const Array& batch);  ///< 1 x C x H x W

/// The numbers of one image of a batch.
std::span<const float> image_of_batch(const Array& batch, int64_t i);

}  // namespace convlens::viz
