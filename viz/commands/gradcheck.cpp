// viz_run gradcheck MODEL: is every layer's backward pass the derivative of its forward pass?

#include <iostream>

#include "engine/gradcheck.h"
#include "viz/command.h"
#include "viz/text.h"
#include "weights/model_file.h"

namespace convlens::viz {
namespace {

struct CheckOptions {
  std::string model;
  GradcheckOptions check;
  std::vector<int64_t> size;
};

void print_layer(const LayerCheck& layer) {
  std::cout << padded(layer.layer, 34) << padded(layer.op, 28) << padded(std::to_string(layer.checked), -8)
            << padded(std::to_string(layer.kinks), -7) << padded(scientific(layer.worst_error), -14)
            << (layer.passed ? "" : "  WRONG") << std::endl;  // at once: a layer may take a while
}

void check(CheckOptions& options) {
  if (!options.size.empty()) options.check.size = {options.size[0], options.size[1]};
  const auto model = read_model(options.model);
  std::cout << padded("layer", 34) << padded("operator", 28) << padded("checked", -8) << padded("kinks", -7)
            << padded("worst error", -14) << '\n';
  const bool passed = check_gradients(*model, options.check, print_layer).passed;
  std::cout << (passed ? "all gradients agree with finite differences\n" : "some gradients are wrong\n");
  if (!passed) throw CLI::RuntimeError(1);
}

const RegisterCommand gradcheck_registered([](CLI::App& parser) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = parser.add_subcommand("gradcheck", "check a model's gradients by finite differences");
  command->add_option("model", options->model, "the model's folder")->required();
  command->add_option("--samples", options->check.samples, "directions tried per layer")->check(CLI::PositiveNumber);
  command->add_option("--size", options->size, "height and width of the input")
      ->expected(2)
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", options->check.seed, "of the random directions");
  command->add_option("--tolerance", options->check.tolerance, "greatest relative error accepted")
      ->check(CLI::PositiveNumber);
  command->callback([options] { check(*options); });
});

}  // namespace
}  // namespace convlens::viz
