// Any bytes as a model.json beside a small, sound model.bin (all zeros, of the size and hash that the corpus states).

#include "engine/plan.h"
#include "tests/fuzz/harness.h"
#include "weights/model_file.h"

namespace {

constexpr size_t binary_bytes = 4096;
constexpr double plannable_elements = 1 << 20;

// A sound model may ask for more work than a fuzz target has time for.
bool is_small(const convlens::Model& model) {
  double elements = 0;
  for (const convlens::InputSpec& input : model.inputs) elements += static_cast<double>(input.shape.elements());
  return elements < plannable_elements && model.layers.size() < 100;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace convlens;
  fuzz::write(fuzz::scratch_folder() / "model.bin", std::string(binary_bytes, '\0'));
  fuzz::write(fuzz::scratch_folder() / "model.json", std::span(data, size));
  fuzz::accept_or_refuse([] {
    const auto model = read_model(fuzz::scratch_folder());
    if (is_small(*model)) make_plan(*model, {.device = Device::reference, .observe = {model->output}});
  });
  return 0;
}
