// Whole trained networks through the CUDA kernels, run thread by thread by the emulator, against the CPU.

#include <cmath>
#include <map>

#include "engine/session.h"
#include "tests/networks/trained.h"

namespace convlens::test {
namespace {

using Inputs = std::map<std::string, Array>;

struct Answers {
  Array value;                   // of the loss's layer
  std::vector<Array> gradients;  // of the loss, by input
};

Answers answers_on(Device device, const Model& model, const Inputs& inputs, const Loss& loss) {
  PlanRequest request{.device = device, .losses = {loss.layer}};
  for (const auto& [name, array] : inputs) {
    request.input_shapes[name] = array.shape;
    request.gradients.push_back(name);
  }
  Session session(model, request);
  for (const auto& [name, array] : inputs) session.set_input(name, array);
  session.forward();
  Answers answers{session.value(loss.layer), {}};
  session.backward(std::vector<Loss>{loss});
  for (const auto& [name, array] : inputs) answers.gradients.push_back(session.gradient(name));
  return answers;
}

// Half the sum of a layer's squares, which DeepDream climbs.
Loss energy(const std::string& layer) {
  return {layer, [](const Array& value, Array& gradient) {
            double sum = 0;
            for (size_t i = 0; i < value.values.size(); ++i) {
              sum += 0.5 * value.values[i] * value.values[i];
              gradient.values[i] += value.values[i];
            }
            return sum;
          }};
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
void expect_agreement(const Model& model, const Inputs& inputs, const Loss& loss) {
  const Answers cpu = answers_on(Device::cpu, model, inputs, loss),
                simt = answers_on(Device::simt, model, inputs, loss);
  const auto expect_near = [](const Array& a, const Array& b, double tolerance) {
    EXPECT_TRUE(relative_difference(a, b) <= tolerance) << relative_difference(a, b);
  };
  expect_near(simt.value, cpu.value, 1e-5);
  for (size_t i = 0; i < cpu.gradients.size(); ++i) expect_near(simt.gradients[i], cpu.gradients[i], 3e-2);
}

class NetworksOnTheEmulator : public Trained {};

TEST_F(NetworksOnTheEmulator, CifarResNet20) {
  const auto net = model("cifar_resnet20");
  expect_agreement(*net, {{net->image_input().name, photo(*net, "dog")}}, class_score(net->output, 5));
}

TEST_F(NetworksOnTheEmulator, SqueezeNet) {
  const auto net = model("squeezenet1_1");
  expect_agreement(*net, {{net->image_input().name, photo(*net, "cat")}}, class_score(net->output, 5));
}

TEST_F(NetworksOnTheEmulator, FirstBlocksOfVgg19) {
  const auto net = model("vgg19");
  expect_agreement(*net, {{net->image_input().name, photo(*net, "cat", 32, 32)}}, energy("relu3_1"));
}

TEST_F(NetworksOnTheEmulator, StyleNetworkBlendsTwoOf26Styles) {
  const auto net = model("conditional_style26");
  Array style(Shape{1, 26, 1, 1});
  style.values[0] = 0.75F;
  style.values[9] = 0.25F;
  expect_agreement(*net, {{net->image_input().name, photo(*net, "tubingen", 32, 40)}, {"style", style}},
                   energy(net->output));
}

}  // namespace
}  // namespace convlens::test
