// Up to sixteen channels of one image at a time, in every layout: one read for the sums, in double, a second for the
// result. Backward likewise.

#include <algorithm>
#include <cmath>

#include "kernels/base/cpu/batch_sums.h"
#include "kernels/base/registry.h"
#include "kernels/batch_norm_train/batch_norm_train.h"

namespace convlens {
namespace {

// Calls body(strip, i, channel) for each channel, by the strips of the first image.
template <class Body>
void for_channels(const TensorDesc& desc, int64_t strips_of_image, const Body& body) {
  const ChannelStrips strips(desc);
  for (int64_t k = 0; k < strips_of_image; ++k)
    for (int64_t i = 0; i < strips[k].channels; ++i) body(k, i, strips[k].channel + i);
}

size_t sums_bytes(const Problem& problem) { return BatchSums::workspace(problem.output); }

// The statistics follow the sums.
size_t forward_bytes(const Problem& problem) {
  return sums_bytes(problem) + static_cast<size_t>(problem.output.shape.c()) * sizeof(InstanceStatistics);
}

void forward(const Problem& problem, const Arguments& args) {
  const float* x = args.inputs[0].f32();
  const BatchSums sums(problem.output, x, x, args.workspace);
  auto* statistics =
      reinterpret_cast<InstanceStatistics*>(args.saved ? args.saved : args.workspace + sums_bytes(problem));
  const auto count = static_cast<double>(batch_norm_count(problem.output.shape));
  for_channels(problem.output, sums.strips(), [&](int64_t k, int64_t i, int64_t c) {
    const double mean = sums[k].g[i] / count, variance = std::max(sums[k].gx[i] / count - mean * mean, 0.0);
    statistics[c] = {mean, 1 / std::sqrt(variance + problem.params_as<BatchNormTrainParams>().eps)};
  });
  const ChannelStrips strips(problem.output);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    StripAffine affine;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const int64_t c = strip.channel + i;
      affine.set(i, args.weights[0].f32()[c] * statistics[c].inverse_std, statistics[c].mean, args.weights[1].f32()[c]);
    }
    apply_to_strip(strip, affine, x, args.output.f32());
  });
}

// The sum of xhat dL/dy of channel i of a strip.
double scale_gradient(const StripSums& sums, int64_t i, const InstanceStatistics& s) {
  return (sums.gx[i] - s.mean * sums.g[i]) * s.inverse_std;
}

void backward_data(const Problem& problem, const Arguments& args) {
  const float *x = args.inputs[0].f32(), *grad_y = args.grad_output.f32();
  const BatchSums sums(problem.output, grad_y, x, args.workspace);
  const auto* statistics = reinterpret_cast<const InstanceStatistics*>(args.saved);
  const auto count = static_cast<double>(batch_norm_count(problem.output.shape));
  const ChannelStrips strips(problem.output);
  parallel_for(strips.count(), [&](int64_t k) {
    const ChannelStrip strip = strips[k];
    StripAffine of_gradient, of_input;
    for (int64_t i = 0; i < strip.channels; ++i) {
      const InstanceStatistics& s = statistics[strip.channel + i];
      const double scale = args.weights[0].f32()[strip.channel + i] * s.inverse_std;
      of_gradient.set(i, scale, sums[k].g[i] / count, 0);
      of_input.set(i, -scale * s.inverse_std * scale_gradient(sums[k], i, s) / count, s.mean, 0);
    }
    combine_in_strip(strip, of_gradient, grad_y, of_input, x, args.grad_inputs[0].f32());
  });
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const BatchSums sums(problem.output, args.grad_output.f32(), args.inputs[0].f32(), args.workspace);
  const auto* statistics = reinterpret_cast<const InstanceStatistics*>(args.saved);
  for_channels(problem.output, sums.strips(), [&](int64_t k, int64_t i, int64_t c) {
    args.grad_weights[0].f32()[c] = static_cast<float>(scale_gradient(sums[k], i, statistics[c]));
    args.grad_weights[1].f32()[c] = static_cast<float>(sums[k].g[i]);
  });
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "strips", .device = Device::cpu, .pass = pass, .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("batch_norm_train", variant(Pass::forward, forward, forward_bytes));
const RegisterVariant registered_backward_data("batch_norm_train",
                                               variant(Pass::backward_data, backward_data, sums_bytes));
const RegisterVariant registered_backward_weights("batch_norm_train",
                                                  variant(Pass::backward_weights, backward_weights, sums_bytes));

}  // namespace
}  // namespace convlens
