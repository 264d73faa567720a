// Pictures turned and shifted by hand, which say which way the matrix acts, and the maps that random matrices do not
// reach: far shifts, strong scaling either way, matrices without an inverse.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

using Numbers = std::vector<double>;

void set(HostTensor& tensor, const Numbers& values) {
  const HostTensor wide({tensor.desc().shape, DataType::f64, Layout::nchw});
  std::ranges::copy(values, wide.f64().begin());
  tensor = wide.as(tensor.desc().type, Layout::nchw);
}

OperatorCase case_of(const Shape& image) {
  return {.op = "affine",
          .name = "by_hand",
          .params = operator_by_name("affine").new_params(),
          .inputs = {image, {image.n(), 6, 1, 1}}};
}

OperatorRun run_on(Device device, const Shape& image) {
  const OperatorCase c = case_of(image);
  return OperatorRun(c, c.problem(device == Device::reference ? DataType::f64 : DataType::f32, Layout::nchw));
}

void run(OperatorRun& tensors, Pass pass, Device device) { tensors.run(*variants("affine", pass, device).at(0)); }

Numbers numbers_of(const HostTensor& tensor) {
  const HostTensor wide = tensor.as(DataType::f64, Layout::nchw);
  return {wide.f64().begin(), wide.f64().end()};
}

class Affine : public ::testing::TestWithParam<Device> {
 protected:
  // The numbers 1, 2, .. in rows, through the matrix.
  Numbers shown(int64_t height, int64_t width, const Numbers& matrix) const {
    OperatorRun tensors = run_on(GetParam(), {1, 1, height, width});
    Numbers numbers(static_cast<size_t>(height * width));
    std::iota(numbers.begin(), numbers.end(), 1);
    set(tensors.inputs[0], numbers);
    set(tensors.inputs[1], matrix);
    run(tensors, Pass::forward, GetParam());
    return numbers_of(tensors.output[0]);
  }
};

TEST_P(Affine, LeavesAnImageAsItIs) { EXPECT_EQ(shown(2, 3, {1, 0, 0, 0, 1, 0}), (Numbers{1, 2, 3, 4, 5, 6})); }

// Position (x, y) shows the input at (y, -x): clockwise. Where the sides differ, pixels meet between pixels.
TEST_P(Affine, TurnsByAQuarter) {
  EXPECT_EQ(shown(3, 3, {0, 1, 0, -1, 0, 0}), (Numbers{7, 4, 1, 8, 5, 2, 9, 6, 3}));
  EXPECT_EQ(shown(2, 3, {0, 1, 0, -1, 0, 0}), (Numbers{2.25, 3, 0.75, 2.75, 4, 1.25}));
}

TEST_P(Affine, Mirrors) { EXPECT_EQ(shown(2, 3, {-1, 0, 0, 0, 1, 0}), (Numbers{3, 2, 1, 6, 5, 4})); }

// Zeros come in from outside.
TEST_P(Affine, Shifts) {
  EXPECT_EQ(shown(2, 3, {1, 0, 1, 0, 1, 0}), (Numbers{2, 3, 0, 5, 6, 0}));
  EXPECT_EQ(shown(2, 3, {1, 0, 0, 0, 1, -1}), (Numbers{0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(shown(2, 3, {1, 0, 0.5, 0, 1, 0}), (Numbers{1.5, 2.5, 1.5, 4.5, 5.5, 3}));
  EXPECT_EQ(shown(2, 3, {1, 0, 1e9, 0, 1, -1e30}), (Numbers{0, 0, 0, 0, 0, 0}));
}

TEST_P(Affine, ScalesAboutTheMiddle) {
  EXPECT_EQ(shown(1, 5, {0.5, 0, 0, 0, 1, 0}), (Numbers{2, 2.5, 3, 3.5, 4}));
  EXPECT_EQ(shown(1, 5, {2, 0, 0, 0, 1, 0}), (Numbers{0, 1, 3, 5, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, Affine, ::testing::Values(Device::reference, Device::cpu, Device::simt),
                         [](const auto& info) { return to_string(info.param); });

struct Map {
  std::string name;
  Numbers matrix;
};

Map turned(const std::string& name, double degrees, double scale, double right, double down) {
  const double angle = degrees * std::numbers::pi / 180, c = scale * std::cos(angle), s = scale * std::sin(angle);
  return {name, {c, -s, right, s, c, down}};
}

void PrintTo(const Map& map, std::ostream* out) { *out << map.name; }

class AffineMaps : public ::testing::TestWithParam<Map> {
 protected:
  // All results of a device: the output and both gradients.
  static std::vector<Numbers> results(Device device) {
    const Shape image{2, 5, 23, 31};
    OperatorRun wide = run_on(Device::reference, image), tensors = run_on(device, image);
    fill(wide, operator_by_name("affine"), case_of(image).inputs, Fill::uniform, 5);
    Numbers twice = GetParam().matrix;
    twice.insert(twice.end(), twice.begin(), twice.end());
    for (double& number : twice) number = static_cast<float>(number);
    set(tensors.inputs[0], numbers_of(wide.inputs[0]));
    set(tensors.inputs[1], twice);
    set(tensors.grad_output[0], numbers_of(wide.grad_output[0]));
    run(tensors, Pass::forward, device);
    run(tensors, Pass::backward_data, device);
    return {numbers_of(tensors.output[0]), numbers_of(tensors.grad_inputs[0]), numbers_of(tensors.grad_inputs[1])};
  }
};

TEST_P(AffineMaps, AreTheSameOnAllDevices) {
  const auto expected = results(Device::reference);
  for (const Device device : {Device::cpu, Device::simt}) {
    const auto found = results(device);
    for (size_t i = 0; i < expected.size(); ++i) {
      double scale = 0, difference = 0;
      for (size_t k = 0; k < expected[i].size(); ++k) {
        scale = std::max(scale, std::abs(expected[i][k]));
        difference = std::max(difference, std::abs(found[i][k] - expected[i][k]));
      }
      EXPECT_TRUE(difference <= 2e-6 * scale) << to_string(device) << ", result " << i << ": " << difference;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Maps, AffineMaps,
                         ::testing::Values(turned("turned_a_little", 7, 1, 0.3, -0.7),
                                           turned("turned_back", 171, 1, 0, 0), turned("smaller", 30, 2.3, 1, 2),
                                           turned("much_larger", -50, 0.04, 1, -2),
                                           turned("half_outside", 20, 1, 17, -9), turned("outside", 20, 1, 1000, 0),
                                           Map{"a_line", {1, 1, 0, 0.5, 0.5, 0}},
                                           Map{"a_point", {0, 0, 0.3, 0, 0, 0.4}}, Map{"sheared", {1, 8, 0, 0, 1, 0}},
                                           Map{"mirrored", {-1, 0.2, 0, 0, 1.1, 0}}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace convlens::test
