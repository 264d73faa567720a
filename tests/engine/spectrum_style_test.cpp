// An optimised image's way through a network, from its spectrum to statistics of style: what the tests of single
// kernels do not do, as a session leaves out notes for a backward pass that does not come, and gradients that nobody
// wants.

#include <gtest/gtest.h>

#include "kernels/base/json.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

// The spectrum is the input "image" of the builder.
Model model() {
  ModelBuilder b({2, 6, 12, 6}, 3);
  b.add("pixels", "irfft2", {{"width", 11}, {"norm", "ortho"}, {"decay", 1}});
  b.add("matrices", "linear", {{"out_features", 6}});
  b.add("turned", "affine", Json::object(), {"pixels", "matrices"});
  b.add("features", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}, {"padding", 1}});
  b.add("style", "avg_pool2d", {{"kernel_size", 2}}, {"features"});
  b.add("edges", "conv2d", {{"out_channels", 16}, {"kernel_size", 3}}, {"features"});
  b.add("styled", "adaptive_instance_norm", Json::object(), {"edges", "style"});
  b.add("statistics", "instance_statistics");
  return b.model();
}

PlanRequest request_on(Device device) {
  return {.device = device, .batch = 2, .observe = {"pixels", "turned", "styled", "statistics"}};
}

class SpectrumStyle : public ::testing::TestWithParam<Device> {
 protected:
  void expect_agreement(PlanRequest request, const std::vector<Loss>& losses) {
    const Model chain = model();
    std::mt19937_64 random(5);
    const Array spectrum = random_array(chain.inputs[0].shape, random);
    Session own(chain, request);
    request.device = Device::reference;
    Session reference(chain, request);
    for (Session* session : {&own, &reference}) {
      session->set_input("image", spectrum);
      session->forward();
      if (!losses.empty()) session->backward(losses);
    }
    for (const std::string& name : request.observe)
      EXPECT_LE(relative_difference(own.value(name), reference.value(name)), 2e-5) << name;
    for (const std::string& name : request.gradients)
      EXPECT_LE(relative_difference(own.gradient(name), reference.gradient(name)), 1e-4) << name;
  }
};

TEST_P(SpectrumStyle, ForwardAlone) { expect_agreement(request_on(GetParam()), {}); }

TEST_P(SpectrumStyle, GradientOfTheSpectrum) {
  PlanRequest request = request_on(GetParam());
  request.losses = {"statistics", "styled"};
  request.gradients = {"image", "matrices", "style"};
  std::mt19937_64 random(7);
  expect_agreement(request, {projection("statistics", random_array({2, 32, 1, 1}, random)),
                             projection("styled", random_array({2, 16, 10, 9}, random))});
}

// Only the content's side is wanted, and nothing of the matrices.
TEST_P(SpectrumStyle, GradientOfTheContentAlone) {
  PlanRequest request = request_on(GetParam());
  request.losses = {"styled"};
  request.gradients = {"edges"};
  std::mt19937_64 random(7);
  expect_agreement(request, {projection("styled", random_array({2, 16, 10, 9}, random))});
}

INSTANTIATE_TEST_SUITE_P(Devices, SpectrumStyle, ::testing::Values(Device::cpu, Device::simt),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace convlens::test
