#include "viz/run.h"

#include "kernels/base/device_api.h"
#include "kernels/base/error.h"
#include "viz/preprocess.h"

namespace convlens::viz {

Device resolve_device(const std::string& name) {
  if (name != "auto") return device_by_name(name);
  return has_device(Device::cuda) ? Device::cuda : Device::cpu;
}

Run::Run(const RunConfig& config, const Model& model, Section& section, OutputFolder* folder, std::string prefix)
    : config_(config),
      model_(model),
      device_(resolve_device(config.keys.device)),
      folder_(folder),
      prefix_(std::move(prefix)),
      section_(section) {
  if (config.keys.image.empty()) return;
  const InputSpec& input = model.image_input();
  const auto& size = config.keys.size;
  const int64_t height = size.empty() ? input.shape.h() : size[0], width = size.empty() ? input.shape.w() : size[1];
  photo_ = read_image(config.keys.image);
  view_ = network_view(photo_, input, static_cast<int>(height), static_cast<int>(width));
  tensor_ = to_tensor(view_, input);
}

const Image& Run::photo() const {
  if (photo_.values.empty())
    throw InputError("the algorithm '" + config_.info->name + "' looks at a photo: the key 'image' is missing");
  return photo_;
}

const Image& Run::view() const {
  photo();
  return view_;
}

const Array& Run::tensor() const {
  view();
  return tensor_;
}

PlanRequest Run::base_request() const {
  PlanRequest request{.device = device_};
  if (!tensor_.values.empty()) request.input_shapes[input_name()] = tensor_.shape;
  return request;
}

std::unique_ptr<Session> Run::open(const Model& model, const PlanRequest& request) {
  auto session = std::make_unique<Session>(model, request);
  on_open(*session);
  return session;
}

void Run::show(const std::string& name, const Image& image, const std::string& caption, Scaling scaling) {
  folder_->save(prefix_ + name, image);
  section_.pictures.push_back({.caption = caption, .image = image, .scaling = scaling});
}

}  // namespace convlens::viz
