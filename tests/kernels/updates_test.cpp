// Every update x device x case against the reference loops in double, several steps of it; and the references against
// numbers worked out from the rules of PyTorch's optimisers.

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/simt/emulator/launch.h"
#include "tests/kernels/expect_close.h"
#include "tests/kernels/update_run.h"

namespace convlens::test {
namespace {

class Updates : public ::testing::TestWithParam<UpdateCase> {
 protected:
  // Three steps from one start, with gradients that are the same for every device.
  UpdateRun after_three_steps(Device device) const {
    const UpdateCase& c = GetParam();
    UpdateRun run(c.update, c.params, c.shape, device);
    Generator random(5);
    const HostTensor numbers({c.shape, DataType::f64, Layout::nchw});
    fill_uniform(numbers, random, -1, 1);
    run.set(numbers);
    for (int64_t number = 1; number <= 3; ++number) {
      fill_uniform(numbers, random, -1, 1);
      run.step(numbers, number);
    }
    return run;
  }
};

TEST_P(Updates, AgreeWithTheReference) {
  const UpdateRun truth = after_three_steps(Device::reference), found = after_three_steps(GetParam().device);
  const double tolerance = found.variant.relative_error;
  expect_close(found.value, truth.value, tolerance, "value");
  for (size_t i = 0; i < truth.states.size(); ++i)
    expect_close(found.states[i], truth.states[i], tolerance, "state " + std::to_string(i));
}

TEST_P(Updates, DoNotDependOnTheOrderOfThreads) {
  const UpdateRun ascending = after_three_steps(GetParam().device);
  const simt::WithTurns reverse(simt::Turns::descending);
  const UpdateRun descending = after_three_steps(GetParam().device);
  EXPECT_EQ(std::memcmp(ascending.value.view().data, descending.value.view().data, ascending.value.desc().bytes()), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Updates, ::testing::ValuesIn(update_cases({Device::cpu, Device::simt})), name_of);

TEST(UpdateRegistry, NamesTheNearest) {
  try {
    update_by_name("adan");
    ADD_FAILURE() << "there is an update 'adan'";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("no update 'adan'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("'adam'"), std::string::npos) << error.what();
  }
}

// The value 1 after each step.
void expect_steps(UpdateRun run, const std::vector<double>& gradients, const std::vector<double>& values) {
  const HostTensor number({{1, 1, 1, 1}, DataType::f64, Layout::nchw});
  number.f64()[0] = 1;
  run.set(number);
  for (size_t i = 0; i < gradients.size(); ++i) {
    number.f64()[0] = gradients[i];
    run.step(number, static_cast<int64_t>(i) + 1);
    EXPECT_TRUE(std::abs(run.value.f64()[0] - values[i]) <= 1e-14) << run.value.f64()[0];
  }
}

TEST(UpdateConventions, Adam) {
  expect_steps({"adam", {{"lr", 0.1}}, {1, 1, 1, 1}, Device::reference}, {0.5, -0.25, 1},
               {0.9000000019999999, 0.8733662987078462, 0.8075551396770897});
}

// torch.optim.SGD(lr=0.5, weight_decay=0.25, maximize=True)
TEST(UpdateConventions, GradientAscent) {
  expect_steps({"gradient_ascent", {{"lr", 0.5}, {"weight_decay", 0.25}}, {1, 1, 1, 1}, Device::reference}, {1, -2},
               {1.375, 0.203125});
}

TEST(UpdateConventions, NormalisationIsOfEachImage) {
  for (const auto& [name, steps] : std::map<std::string, std::vector<double>>{
           {"mean_abs", {0.5, 1.5, 1, 1}},
           {"std", {1, 3, 0, 0}},
           {"l2", {1 / std::sqrt(10.0), 3 / std::sqrt(10.0), 100 / std::sqrt(20000.0), 100 / std::sqrt(20000.0)}}}) {
    UpdateRun run("gradient_ascent", {{"normalisation", name}}, {2, 1, 1, 2}, Device::reference);
    const HostTensor numbers({{2, 1, 1, 2}, DataType::f64, Layout::nchw});
    std::ranges::fill(numbers.f64(), 0.0);
    run.set(numbers);
    std::ranges::copy(std::vector<double>{1, 3, 100, 100}, numbers.f64().begin());
    run.step(numbers, 1);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(run.value.f64()[i], steps[i]) << name << " " << i;
  }
}

}  // namespace
}  // namespace convlens::test
