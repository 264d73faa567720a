#pragma once

#include <functional>

#include "engine/array.h"
#include "engine/losses.h"
#include "engine/plan.h"
#include "kernels/base/device_api.h"

namespace convlens {

/// A plan with its memory: runs a network forwards and backwards, again and again.
///
///     Session session(model, {.losses = {"fc8"}, .gradients = {"image"}});
///     session.set_input("image", photo);
///     session.forward();
///     session.backward(losses, BackwardMode::standard);
///     Array saliency = session.gradient("image");
class Session {
 public:
  /// Throws InputError for a request that the model cannot serve, OutOfMemory with the largest image that fits.
  Session(const Model& model, const PlanRequest& request);
  /// The same with memory and moves of another device than the registered one.
  Session(const Model& model, const PlanRequest& request, DeviceApi& device);

  const Plan& plan() const { return plan_; }

  /// N x C x H x W of the plan's sizes; anything else is an InputError.
  void set_input(const std::string& name, const Array& value);
  void forward();
  /// One sweep back from all losses, whose weighted sum is returned. Each needs a forward pass of its own before it.
  double backward(std::span<const Loss> losses, BackwardMode mode = BackwardMode::standard);

  /// forward(), backward() and then `update` as one piece of work that the device does without the host, on a GPU as
  /// one CUDA graph; for linear losses, whose gradients are uploaded here and whose values it does not return. To be
  /// called, after set_input, as often as the session lives. `update` may launch kernels, as Optimiser::apply does.
  std::function<void()> record(
      std::span<const Loss> losses, BackwardMode mode = BackwardMode::standard,
      const std::function<void()>& update = [] {});

  TensorView input_on_device(const std::string& name) const;     ///< NCHW; nobody else writes it
  TensorView gradient_on_device(const std::string& name) const;  ///< of an input that was asked for, NCHW

  Array value(const std::string& name) const;  ///< of an observed layer or an input, NCHW
  double dot(const std::string& name,
             const Array& weights) const;         ///< sum of value * weights, in double from end to end
  Array gradient(const std::string& name) const;  ///< of a layer or input that was asked for, NCHW
  std::vector<Array> weight_gradients(const std::string& layer) const;

  /// The model's weights have been changed where they lie: to be called before the next forward pass of a session whose
  /// plan does not fold them (PlanRequest::weight_gradients, or rewrite = false).
  void reload_weights();

  Array read(const Slot& slot) const;  ///< valid right after a step that wrote it

  /// Called after each step with the seconds that it took.
  using Observer = std::function<void(const Step&, double seconds)>;
  void observe_steps(Observer observer) { observer_ = std::move(observer); }

 private:
  /// What a step needs each time, made once: its name for profilers, a kernel's arguments.
  struct Bound {
    std::string name;
    std::vector<TensorView> inputs, weights, grad_inputs, grad_weights;
    std::byte* packed = nullptr;
    Arguments arguments;
  };

  /// A tensor beside the arena.
  struct DeviceTensor {
    DeviceBuffer memory;
    TensorView view;
  };

  TensorView view(const Slot& slot) const;
  std::vector<TensorView> views(const std::vector<Slot>& slots) const;
  DeviceTensor new_tensor(const TensorDesc& desc);
  std::vector<TensorView> bind_weights(const Layer& layer, const Problem& problem);
  void bind(const Step& step, Bound& bound);
  void pack_weights();
  void give_back_packed_weights(const Model& model) const;
  /// Writes dL/dy of all losses at the layer of a loss_gradient step.
  using WriteGradient = std::function<void(const Step&)>;
  void run_steps(int begin, int end, const WriteGradient& write_gradient, BackwardMode mode);
  void run_step(int index, const WriteGradient& write_gradient, BackwardMode mode);
  double upload_gradient(std::span<const Loss> losses, const std::string& layer, const Array& value,
                         const TensorView& to);
  std::map<std::string, DeviceTensor> constant_gradients(std::span<const Loss> losses);
  const Slot& slot_named(const std::map<std::string, Slot>& slots, const std::string& name, const char* what) const;

  Plan plan_;
  DeviceApi& device_;
  DeviceBuffer arena_, packed_;
  std::vector<Bound> bound_;
  std::map<const float*, DeviceTensor> device_weights_;
  Observer observer_;
};

}  // namespace convlens
