#pragma once

#include <string>
#include <vector>

#include "engine/array.h"
#include "engine/model.h"
#include "kernels/base/json.h"

namespace convlens::viz {

/// Composes a network of layers and of whole networks, such as an objective: what makes the image, a classifier, and
/// behind its layers the losses.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name) { model_.name = std::move(name); }
  explicit GraphBuilder(Model begun) : model_(std::move(begun)) {}

  /// `shape` is C x H x W. All of these return the new layer's or input's name.
  std::string image_input(const std::string& name, int64_t channels, int64_t height, int64_t width);
  std::string vector_input(const std::string& name, int64_t size);
  std::string input(const InputSpec& input);

  /// `weights` in the order of Operator::weights. Throws InputError for unknown operators and parameters.
  std::string add(const std::string& name, const std::string& op, const std::vector<std::string>& inputs,
                  const Json& params = Json::object(), const std::vector<Array>& weights = {});

  /// The layers of `network` under their own names, reading `image` where they read its image input; its other inputs
  /// become inputs. Returns its output's name.
  std::string append(const Model& network, const std::string& image);
  /// The same for `input` of any kind.
  std::string append(const Model& network, const std::string& input, const std::string& replacement);

  const Model& model() const { return model_; }

 private:
  Model model_;
};

/// The network under names that begin with the prefix.
Model prefixed(Model network, const std::string& prefix);

}  // namespace convlens::viz
