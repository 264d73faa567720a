#include "engine/session.h"

#include <chrono>
#include <numeric>

#include "kernels/base/error.h"

namespace convlens {

Session::Session(const Model& model, const PlanRequest& request)
    : plan_(make_plan(model, request)),
      device_(device_api(request.device)),
      arena_(device_.allocate(plan_.arena_bytes)),
      packed_(device_.allocate(plan_.packed_bytes)),
      bound_(plan_.steps.size()) {
  size_t packed_used = 0;
  for (size_t i = 0; i < plan_.steps.size(); ++i)
    if (plan_.steps[i].kernel) bind(plan_.steps[i], bound_[i], packed_used);
}

TensorView Session::view(const Slot& slot) const {
  if (!slot) return {};
  return {slot.desc, arena_.get() + plan_.pieces[slot.piece].offset};
}

std::vector<TensorView> Session::views(const std::vector<Slot>& slots) const {
  std::vector<TensorView> list;
  for (const Slot& slot : slots) list.push_back(view(slot));
  return list;
}

// Weights in f32 on a device whose memory is the host's are used where they lie.
std::vector<TensorView> Session::bind_weights(const Layer& layer, const Problem& problem) {
  std::vector<TensorView> list;
  for (size_t i = 0; i < layer.weights.size(); ++i) {
    const Weight& weight = layer.weights[i];
    const TensorView host{{weight.shape, DataType::f32, Layout::nchw}, const_cast<float*>(weight.data.get())};
    const TensorDesc& wanted = problem.weights[i];
    if (plan_.device == Device::cpu && wanted.type == DataType::f32) {
      list.push_back(host);
      continue;
    }
    auto& [buffer, on_device] = device_weights_[weight.data.get()];
    if (!buffer) {
      buffer = device_.allocate(wanted.bytes());
      on_device = {wanted, buffer.get()};
      device_.upload(host, on_device);
    }
    list.push_back(on_device);
  }
  return list;
}

void Session::bind(const Step& step, Bound& bound, size_t& packed_used) {
  bound.inputs = views(step.inputs);
  bound.weights = bind_weights(*step.source, step.problem);
  bound.grad_inputs = views(step.grad_inputs);
  bound.grad_weights = views(step.grad_weights);
  const auto memory = [&](int piece) { return piece < 0 ? nullptr : arena_.get() + plan_.pieces[piece].offset; };
  std::byte* packed = packed_.get() + packed_used;
  packed_used += step.kernel->packed_bytes();
  step.kernel->pack(bound.weights, packed);
  bound.arguments = {.inputs = bound.inputs,
                     .output = view(step.output),
                     .weights = bound.weights,
                     .grad_output = view(step.grad_output),
                     .grad_inputs = bound.grad_inputs,
                     .grad_weights = bound.grad_weights,
                     .saved = memory(step.saved),
                     .workspace = memory(step.workspace),
                     .packed = packed,
                     .accumulate = step.accumulate};
}

void Session::set_input(const std::string& name, const Array& value) {
  const Slot& slot = slot_named(plan_.values, name, "input");
  if (value.shape != slot.desc.shape)
    throw InputError("the input '" + name + "' must be " + slot.desc.shape.to_string() + ", found " +
                     value.shape.to_string());
  device_.upload(value.view(), view(slot));
}

void Session::forward() { run_steps(0, plan_.backward_begin, {}, BackwardMode::standard); }

double Session::backward(std::span<const Loss> losses, BackwardMode mode) {
  loss_ = 0;
  run_steps(plan_.backward_begin, static_cast<int>(plan_.steps.size()), losses, mode);
  return loss_;
}

void Session::run_steps(int begin, int end, std::span<const Loss> losses, BackwardMode mode) {
  using Clock = std::chrono::steady_clock;
  for (int i = begin; i < end; ++i) {
    const auto start = Clock::now();
    run_step(i, losses, mode);
    if (!observer_) continue;
    device_.synchronize();
    observer_(plan_.steps[static_cast<size_t>(i)], std::chrono::duration<double>(Clock::now() - start).count());
  }
  device_.synchronize();
}

void Session::run_step(int index, std::span<const Loss> losses, BackwardMode mode) {
  const Step& step = plan_.steps[static_cast<size_t>(index)];
  switch (step.kind) {
    case Step::Kind::kernel: {
      Arguments& arguments = bound_[static_cast<size_t>(index)].arguments;
      arguments.mode = mode;
      return step.kernel->run(arguments);
    }
    case Step::Kind::reorder: return device_.reorder(view(step.from), view(step.to));
    case Step::Kind::accumulate: return device_.accumulate(view(step.from), view(step.to));
    case Step::Kind::loss_gradient: {
      const Array value = this->value(step.layer);
      Array gradient(value.shape);
      for (const Loss& loss : losses)
        if (loss.layer == step.layer) loss_ += loss.evaluate(value, gradient);
      return device_.upload(gradient.view(), view(step.to));
    }
  }
}

const Slot& Session::slot_named(const std::map<std::string, Slot>& slots, const std::string& name,
                                const char* what) const {
  const auto it = slots.find(name);
  if (it == slots.end())
    throw InputError("this session was not asked for the " + std::string(what) + " '" + name + "'");
  return it->second;
}

Array Session::read(const Slot& slot) const {
  Array array(slot.desc.shape);
  device_.download(view(slot), array.view());
  return array;
}

Array Session::value(const std::string& name) const { return read(slot_named(plan_.values, name, "value")); }

double Session::dot(const std::string& name, const Array& weights) const {
  const Slot& slot = slot_named(plan_.values, name, "value");
  std::vector<double> values(weights.values.size());
  device_.download(view(slot), {{slot.desc.shape, DataType::f64, Layout::nchw}, values.data()});
  return std::inner_product(values.begin(), values.end(), weights.values.begin(), 0.0);
}

Array Session::gradient(const std::string& name) const { return read(slot_named(plan_.gradients, name, "gradient")); }

std::vector<Array> Session::weight_gradients(const std::string& layer) const {
  const auto it = plan_.weight_gradients.find(layer);
  if (it == plan_.weight_gradients.end())
    throw InputError("this session was not asked for the gradients of the weights of '" + layer + "'");
  std::vector<Array> list;
  for (const Slot& slot : it->second) list.push_back(read(slot));
  return list;
}

}  // namespace convlens
