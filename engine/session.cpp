#include "engine/session.h"

#include <chrono>
#include <numeric>
#include <set>

#include "engine/device_memory.h"
#include "engine/mapped_file.h"
#include "kernels/base/error.h"

namespace convlens {

namespace {

OutOfMemory out_of_memory(const Model& model, const PlanRequest& request, size_t available) {
  const auto largest = largest_image_that_fits(model, request, available);
  return {device_bytes(make_plan(model, request)), available,
          largest ? "; the largest image that fits is " + std::to_string(largest->h()) + " pixels high and " +
                        std::to_string(largest->w()) + " wide"
                  : ""};
}

std::string name_of(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kernel: return step.layer + " " + to_string(step.pass);
    case Step::Kind::reorder: return step.layer + " reorder";
    case Step::Kind::accumulate: return step.layer + " accumulate";
    case Step::Kind::loss_gradient: return step.layer + " loss";
  }
  throw InternalError("unknown step");
}

}  // namespace

Session::Session(const Model& model, const PlanRequest& request)
    : Session(model, request, device_api(request.device)) {}

Session::Session(const Model& model, const PlanRequest& request, DeviceApi& device) try
    : plan_(make_plan(model, request)),
      device_(device),
      arena_(device_.allocate(plan_.arena_bytes)),
      packed_(device_.allocate(plan_.packed_bytes)),
      bound_(plan_.steps.size()) {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    bound_[i].name = name_of(plan_.steps[i]);
    if (plan_.steps[i].kernel) bind(plan_.steps[i], bound_[i]);
  }
  pack_weights();
  give_back_packed_weights(model);
} catch (const OutOfMemory&) {
  throw out_of_memory(model, request, device.available());
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

Session::DeviceTensor Session::new_tensor(const TensorDesc& desc) {
  const DeviceBuffer memory = device_.allocate(desc.bytes());
  return {memory, {desc, memory.get()}};
}

std::vector<TensorView> Session::bind_weights(const Layer& layer, const Problem& problem) {
  std::vector<TensorView> list;
  for (size_t i = 0; i < layer.weights.size(); ++i) {
    const Weight& weight = layer.weights[i];
    const TensorView host{{weight.shape, DataType::f32, Layout::nchw}, const_cast<float*>(weight.data.get())};
    const TensorDesc& wanted = problem.weights[i];
    if (uses_weights_in_place(plan_)) {
      list.push_back(host);
      continue;
    }
    DeviceTensor& on_device = device_weights_[weight.data.get()];
    if (!on_device.memory) {
      on_device = new_tensor(wanted);
      device_.upload(host, on_device.view);
    }
    list.push_back(on_device.view);
  }
  return list;
}

void Session::bind(const Step& step, Bound& bound) {
  bound.inputs = views(step.inputs);
  bound.weights = bind_weights(*step.source, step.problem);
  bound.grad_inputs = views(step.grad_inputs);
  bound.grad_weights = views(step.grad_weights);
  const auto memory = [&](int piece) { return piece < 0 ? nullptr : arena_.get() + plan_.pieces[piece].offset; };
  bound.packed = packed_.get() + step.packed;
  bound.arguments = {.inputs = bound.inputs,
                     .output = view(step.output),
                     .weights = bound.weights,
                     .grad_output = view(step.grad_output),
                     .grad_inputs = bound.grad_inputs,
                     .grad_weights = bound.grad_weights,
                     .saved = memory(step.saved),
                     .workspace = memory(step.workspace),
                     .packed = bound.packed,
                     .relu_mask = memory(step.relu_mask),
                     .accumulate = step.accumulate};
}

void Session::reload_weights() {
  for (auto& [host, on_device] : device_weights_) {
    const TensorDesc plain{on_device.view.desc.shape, DataType::f32, Layout::nchw};
    device_.upload({plain, const_cast<float*>(host)}, on_device.view);
  }
  pack_weights();
}

void Session::pack_weights() {
  for (size_t i = 0; i < bound_.size(); ++i)
    if (const auto& kernel = plan_.steps[i].kernel) kernel->pack(bound_[i].weights, bound_[i].packed);
}

// A model's weights that no step reads where they lie: packed, on the device, folded into others, or of no use here.
// Another session that reads them finds them in the file, a little later.
void Session::give_back_packed_weights(const Model& model) const {
  if (!model.file) return;
  std::set<const float*> read;
  for (const Step& step : plan_.steps)
    if (step.kernel && step.kernel->packed_bytes() == 0 && uses_weights_in_place(plan_))
      for (const Weight& weight : step.source->weights) read.insert(weight.data.get());
  for (const Layer& layer : model.layers)
    for (const Weight& weight : layer.weights)
      if (!read.contains(weight.data.get()))
        model.file->give_back(
            std::as_bytes(std::span(weight.data.get(), static_cast<size_t>(weight.shape.elements()))));
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
  double sum = 0;
  const auto evaluate = [&](const Step& step) {
    sum += upload_gradient(losses, step.layer, value(step.layer), view(step.to));
  };
  run_steps(plan_.backward_begin, static_cast<int>(plan_.steps.size()), evaluate, mode);
  return sum;
}

double Session::upload_gradient(std::span<const Loss> losses, const std::string& layer, const Array& value,
                                const TensorView& to) {
  Array gradient(value.shape);
  double sum = 0;
  for (const Loss& loss : losses)
    if (loss.layer == layer) sum += loss.evaluate(value, gradient);
  device_.upload(gradient.view(), to);
  return sum;
}

std::function<void()> Session::record(std::span<const Loss> losses, BackwardMode mode,
                                      const std::function<void()>& update) {
  const auto gradients = std::make_shared<const std::map<std::string, DeviceTensor>>(constant_gradients(losses));
  const auto work = device_.record([this, gradients, mode, update] {
    const auto copy = [&](const Step& step) { device_.reorder(gradients->at(step.layer).view, view(step.to)); };
    for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i) run_step(i, copy, mode);
    update();
  });
  return [gradients, work] { work(); };  // a recording may know no more of the gradients than where they lie
}

std::map<std::string, Session::DeviceTensor> Session::constant_gradients(std::span<const Loss> losses) {
  for (const Loss& loss : losses)
    if (!loss.is_linear)
      throw InternalError("only linear losses can be recorded, and that of layer '" + loss.layer + "' is none");
  std::map<std::string, DeviceTensor> gradients;
  for (const Step& step : plan_.steps)
    if (step.kind == Step::Kind::loss_gradient) {
      const DeviceTensor& gradient = gradients[step.layer] = new_tensor(step.to.desc);
      upload_gradient(losses, step.layer, Array(step.to.desc.shape), gradient.view);
    }
  return gradients;
}

void Session::run_steps(int begin, int end, const WriteGradient& write_gradient, BackwardMode mode) {
  using Clock = std::chrono::steady_clock;
  for (int i = begin; i < end; ++i) {
    const auto start = Clock::now();
    run_step(i, write_gradient, mode);
    if (!observer_) continue;
    device_.synchronize();
    observer_(plan_.steps[static_cast<size_t>(i)], std::chrono::duration<double>(Clock::now() - start).count());
  }
  device_.synchronize();
}

void Session::run_step(int index, const WriteGradient& write_gradient, BackwardMode mode) {
  const Step& step = plan_.steps[static_cast<size_t>(index)];
  Bound& bound = bound_[static_cast<size_t>(index)];
  device_.named(bound.name, [&] {
    switch (step.kind) {
      case Step::Kind::kernel: {
        bound.arguments.mode = mode;
        return step.kernel->run(bound.arguments);
      }
      case Step::Kind::reorder: return device_.reorder(view(step.from), view(step.to));
      case Step::Kind::accumulate: return device_.accumulate(view(step.from), view(step.to));
      case Step::Kind::loss_gradient: return write_gradient(step);
    }
  });
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

TensorView Session::input_on_device(const std::string& name) const {
  return view(slot_named(plan_.values, name, "input"));
}

TensorView Session::gradient_on_device(const std::string& name) const {
  return view(slot_named(plan_.gradients, name, "gradient"));
}

std::vector<Array> Session::weight_gradients(const std::string& layer) const {
  const auto it = plan_.weight_gradients.find(layer);
  if (it == plan_.weight_gradients.end())
    throw InputError("this session was not asked for the gradients of the weights of '" + layer + "'");
  std::vector<Array> list;
  for (const Slot& slot : it->second) list.push_back(read(slot));
  return list;
}

}  // namespace convlens
