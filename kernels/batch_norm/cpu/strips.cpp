// Up to sixteen channels at a time, in every layout: one multiplication and two additions per element, at the speed of
// memory. The sums of the weights' gradients are taken in double, image by image, and then over the images in order.

#include <cmath>

#include "kernels/base/cpu/channel_strips.h"
#include "kernels/base/cpu/parallel.h"
#include "kernels/base/registry.h"
#include "kernels/batch_norm/batch_norm.h"

namespace convlens {
namespace {

constexpr int64_t part_pixels = 4096;

struct Channels {
  Channels(const Problem& problem, const Arguments& args)
      : eps(problem.params_as<BatchNormParams>().eps),
        weight(args.weights[bn_weight].f32()),
        bias(args.weights[bn_bias].f32()),
        mean(args.weights[bn_running_mean].f32()),
        variance(args.weights[bn_running_var].f32()) {}
  double inverse_std(int64_t c) const { return 1 / std::sqrt(variance[c] + eps); }
  double scale(int64_t c) const { return weight[c] * inverse_std(c); }

  double eps;
  const float *weight, *bias, *mean, *variance;
};

// y = affine(x), where set(affine, i, channel) gives each channel its numbers
template <class Set>
void apply(const TensorDesc& desc, const Set& set, const float* x, float* y) {
  const ChannelStrips strips(desc);
  const int64_t parts = (desc.shape.h() * desc.shape.w() + part_pixels - 1) / part_pixels;
  parallel_for(strips.count() * parts, [&](int64_t i) {
    const ChannelStrip strip = strips[i / parts];
    StripAffine affine;
    for (int64_t c = 0; c < strip.channels; ++c) set(affine, c, strip.channel + c);
    apply_to_strip(strip.part(i % parts * part_pixels, part_pixels), affine, x, y);
  });
}

void forward(const Problem& problem, const Arguments& args) {
  const Channels k(problem, args);
  const auto set = [&](StripAffine& affine, int64_t i, int64_t c) { affine.set(i, k.scale(c), k.mean[c], k.bias[c]); };
  apply(problem.output, set, args.inputs[0].f32(), args.output.f32());
}

void backward_data(const Problem& problem, const Arguments& args) {
  const Channels k(problem, args);
  const auto set = [&](StripAffine& affine, int64_t i, int64_t c) { affine.set(i, k.scale(c), 0, 0); };
  apply(problem.output, set, args.grad_output.f32(), args.grad_inputs[0].f32());
}

size_t sums_bytes(const Problem& problem) {
  return static_cast<size_t>(ChannelStrips(problem.output).count()) * sizeof(StripSums);
}

void write_gradients(const Channels& k, int64_t c, double sum, double sum_centered, std::span<const TensorView> grads) {
  const double s = k.inverse_std(c);
  grads[bn_weight].f32()[c] = static_cast<float>(s * sum_centered);
  grads[bn_bias].f32()[c] = static_cast<float>(sum);
  grads[bn_running_mean].f32()[c] = static_cast<float>(-k.scale(c) * sum);
  grads[bn_running_var].f32()[c] = static_cast<float>(-0.5 * k.scale(c) * s * s * sum_centered);
}

void backward_weights(const Problem& problem, const Arguments& args) {
  const Channels k(problem, args);
  const ChannelStrips strips(problem.output);
  auto* sums = reinterpret_cast<StripSums*>(args.workspace);
  parallel_for(strips.count(),
               [&](int64_t i) { sums[i] = strip_sums(strips[i], args.grad_output.f32(), args.inputs[0].f32()); });
  const int64_t images = problem.output.shape.n(), per_image = strips.count() / images;
  for (int64_t i = 0; i < per_image; ++i) {
    const ChannelStrip strip = strips[i];
    for (int64_t j = 0; j < strip.channels; ++j) {
      double sum = 0, sum_x = 0;
      for (int64_t n = 0; n < images; ++n) {
        sum += sums[n * per_image + i].g[j];
        sum_x += sums[n * per_image + i].gx[j];
      }
      const int64_t c = strip.channel + j;
      write_gradients(k, c, sum, sum_x - sum * k.mean[c], args.grad_weights);
    }
  }
}

Variant variant(Pass pass, RunFunction run, WorkspaceFunction workspace) {
  return {.name = "strips", .device = Device::cpu, .pass = pass, .prepare = stateless(run, workspace)};
}

const RegisterVariant registered_forward("batch_norm", variant(Pass::forward, forward, nullptr));
const RegisterVariant registered_backward_data("batch_norm", variant(Pass::backward_data, backward_data, nullptr));
const RegisterVariant registered_backward_weights("batch_norm",
                                                  variant(Pass::backward_weights, backward_weights, sums_bytes));

}  // namespace
}  // namespace convlens
