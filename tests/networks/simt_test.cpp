// Whole trained networks through the CUDA kernels, run thread by thread by the emulator, against the CPU.

#include <cmath>

#include "engine/session.h"
#include "tests/networks/trained.h"

namespace convlens::test {
namespace {

struct Answers {
  Array scores, gradient;
};

Answers answers_on(Device device, const Model& model, const Array& photo) {
  const std::string& input = model.image_input().name;
  Session session(model, {.device = device, .losses = {model.output}, .gradients = {input}});
  session.set_input(input, photo);
  session.forward();
  const Array scores = session.value(model.output);
  session.backward(std::vector<Loss>{class_score(model.output, 5)});
  return {scores, session.gradient(input)};
}

double relative_difference(const Array& a, const Array& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    difference += std::pow(a.values[i] - b.values[i], 2.0);
    norm += std::pow(b.values[i], 2.0);
  }
  return std::sqrt(difference / norm);
}

// The gradient may differ by more than rounding where an input of a ReLU lies within rounding of zero: 3e-2, as against
// other frameworks (docs/results/cpu.md).
void expect_agreement(const Model& model, const Array& photo) {
  const Answers cpu = answers_on(Device::cpu, model, photo), simt = answers_on(Device::simt, model, photo);
  EXPECT_TRUE(relative_difference(simt.scores, cpu.scores) <= 1e-5) << relative_difference(simt.scores, cpu.scores);
  EXPECT_TRUE(relative_difference(simt.gradient, cpu.gradient) <= 3e-2)
      << relative_difference(simt.gradient, cpu.gradient);
}

class NetworksOnTheEmulator : public Trained {};

TEST_F(NetworksOnTheEmulator, CifarResNet20) {
  const auto net = model("cifar_resnet20");
  expect_agreement(*net, photo(*net, "dog"));
}

TEST_F(NetworksOnTheEmulator, SqueezeNet) {
  const auto net = model("squeezenet1_1");
  expect_agreement(*net, photo(*net, "cat"));
}

}  // namespace
}  // namespace convlens::test
