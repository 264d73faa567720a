#pragma once

#include <filesystem>
#include <memory>

#include "engine/session.h"
#include "engine/timing.h"

namespace convlens::bench {

struct NetworkOptions {
  bool gradient = false;  ///< back to the image as well, from the score of class 0
  BackwardMode mode = BackwardMode::standard;
  int64_t batch = 1;
  int64_t height = 0, width = 0;  ///< of the image; 0: the model's own
  Device device = Device::cpu;
  std::filesystem::path input;  ///< raw float32, N x C x H x W, for the image; else numbers drawn from [-1, 1)
};

/// A model with its session and input, as a program would use it: a run goes from the input in NCHW on the host to the
/// results there.
class EngineNetwork {
 public:
  EngineNetwork(std::shared_ptr<const Model> model, const NetworkOptions& options);

  void run();
  /// Writes PREFIX.output.f32 and, if it was asked for, PREFIX.gradient.f32.
  void save(const std::string& prefix) const;

  const Model& model() const { return *model_; }
  const Array& image() const { return inputs_.at(model_->image_input().name); }
  Session& session() { return *session_; }

 private:
  std::shared_ptr<const Model> model_;
  bool gradient_;
  BackwardMode mode_;
  std::map<std::string, Array> inputs_;
  std::unique_ptr<Session> session_;
  Array output_, image_gradient_;
};

}  // namespace convlens::bench
