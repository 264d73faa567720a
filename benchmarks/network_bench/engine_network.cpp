#include "benchmarks/network_bench/engine_network.h"

#include "benchmarks/base/random_array.h"
#include "benchmarks/base/raw_file.h"

namespace convlens::bench {
namespace {

PlanRequest request_for(const Model& model, const NetworkOptions& options) {
  PlanRequest request{.device = options.device, .batch = options.batch, .observe = {model.output}};
  const InputSpec& image = model.image_input();
  if (options.height > 0)
    request.input_shapes[image.name] = {1, image.shape.c(), options.height,
                                        options.width > 0 ? options.width : options.height};
  if (options.gradient) {
    request.losses = {model.output};
    request.gradients = {image.name};
  }
  return request;
}

}  // namespace

EngineNetwork::EngineNetwork(std::shared_ptr<const Model> model, const NetworkOptions& options)
    : model_(std::move(model)), gradient_(options.gradient), mode_(options.mode) {
  session_ = std::make_unique<Session>(*model_, request_for(*model_, options));
  for (const InputSpec& input : model_->inputs)
    if (const auto it = session_->plan().values.find(input.name); it != session_->plan().values.end())
      inputs_.emplace(input.name, random_array(it->second.desc.shape));
  if (!options.input.empty()) read_raw(options.input, inputs_.at(model_->image_input().name));
}

void EngineNetwork::run() {
  for (const auto& [name, value] : inputs_) session_->set_input(name, value);
  session_->forward();
  output_ = session_->value(model_->output);
  if (!gradient_) return;
  const Loss losses[] = {class_score(model_->output, 0)};
  session_->backward(losses, mode_);
  image_gradient_ = session_->gradient(model_->image_input().name);
}

void EngineNetwork::save(const std::string& prefix) const {
  write_raw(prefix + ".output.f32", output_);
  if (gradient_) write_raw(prefix + ".gradient.f32", image_gradient_);
}

}  // namespace convlens::bench
