// What a session asks of its device: memory and no more than there is, names for profilers, work that is recorded.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/device_memory.h"
#include "tests/base/devices_here.h"
#include "tests/engine/model_builder.h"

namespace convlens::test {
namespace {

/// A device of the host's memory that counts what is taken of it, has a limit, and keeps the names of what it does.
class SmallDevice final : public DeviceApi {
 public:
  explicit SmallDevice(size_t limit) : limit_(limit) {}

  DeviceBuffer allocate(size_t bytes) override {
    if (bytes > available()) throw OutOfMemory(bytes, available());
    used += bytes;
    const DeviceBuffer memory = host().allocate(bytes);
    return {memory.get(), [this, memory, bytes](std::byte*) { used -= bytes; }};
  }
  size_t available() override { return limit_ - used; }
  void upload(const TensorView& from, const TensorView& to) override { host().upload(from, to); }
  void download(const TensorView& from, const TensorView& to) override { host().download(from, to); }
  void reorder(const TensorView& from, const TensorView& to) override { host().reorder(from, to); }
  void accumulate(const TensorView& from, const TensorView& to) override { host().accumulate(from, to); }
  void zero(const TensorView& tensor) override { host().zero(tensor); }
  void synchronize() override {}
  void named(const std::string& name, const std::function<void()>& work) override {
    names.push_back(name);
    work();
  }

  size_t used = 0;
  std::vector<std::string> names;

 private:
  static DeviceApi& host() { return device_api(Device::cpu); }
  size_t limit_;
};

constexpr size_t ample = size_t{1} << 30;

ModelBuilder network_of_any_size() {
  ModelBuilder b({1, 3, 60, 80});
  b.add("conv", "conv2d", {{"out_channels", 8}, {"kernel_size", 3}});
  b.add("relu", "relu");
  b.add("pool", "adaptive_avg_pool2d");
  b.add("fc", "linear", {{"out_features", 5}});
  return b;
}

ModelBuilder network_of_one_size() {
  ModelBuilder b({1, 3, 60, 80});
  b.add("flat", "flatten");
  b.add("fc", "linear", {{"out_features", 5}});
  return b;
}

PlanRequest request_on(Device device, const Shape& image) {
  return {.device = device, .input_shapes = {{"image", image}}, .losses = {"fc"}, .gradients = {"image"}};
}

std::string memory_error(const ModelBuilder& b, const PlanRequest& request, size_t limit) {
  SmallDevice device(limit);
  try {
    const Session session(b.model(), request, device);
  } catch (const OutOfMemory& error) {
    EXPECT_EQ(device.used, 0U);
    return error.what();
  }
  return "no error";
}

TEST(SessionMemory, IsWhatThePlanSays) {
  const auto b = network_of_any_size();
  for (const Device kind : {Device::cpu, Device::simt}) {
    SmallDevice device(ample);
    const Session session(b.model(), request_on(kind, {1, 3, 60, 80}), device);
    EXPECT_EQ(device.used, device_bytes(session.plan())) << to_string(kind);
  }
}

TEST(SessionMemory, NamesTheLargestImageThatFits) {
  const auto b = network_of_any_size();
  for (const Device kind : {Device::cpu, Device::simt}) {
    const size_t limit = device_bytes(make_plan(b.model(), request_on(kind, {1, 3, 33, 44})));
    const auto wanted = request_on(kind, {1, 3, 600, 800});
    EXPECT_EQ(memory_error(b, wanted, limit),
              "out of memory: " + std::to_string(device_bytes(make_plan(b.model(), wanted))) + " bytes wanted, " +
                  std::to_string(limit) + " bytes there; the largest image that fits is 33 pixels high and 44 wide");
    EXPECT_EQ(memory_error(b, request_on(kind, {1, 3, 33, 44}), limit), "no error");
    EXPECT_NE(memory_error(b, request_on(kind, {1, 3, 34, 45}), limit), "no error");
  }
}

TEST(SessionMemory, NamesNoImageWhereNoOtherCanBe) {
  const auto b = network_of_one_size();
  EXPECT_TRUE(memory_error(b, request_on(Device::cpu, {1, 3, 60, 80}), 1000).ends_with("1000 bytes there"));
  EXPECT_EQ(largest_image_that_fits(network_of_any_size().model(), request_on(Device::cpu, {1, 3, 60, 80}), 10),
            std::nullopt);
}

// Where Winograd's kernels keep the transforms of filters for small maps, a larger image needs less than a smaller one.
TEST(SessionMemory, FindsAnImageAboveSmallerOnesThatDoNotFit) {
  ModelBuilder b({1, 256, 60, 60});
  for (const char* layer : {"conv1", "conv2", "conv3", "conv4"})
    b.add(layer, "conv2d", {{"out_channels", 256}, {"kernel_size", 3}, {"padding", 1}});
  PlanRequest request{.input_shapes = {{"image", {1, 256, 70, 70}}}, .observe = {"conv4"}};
  const size_t enough = device_bytes(make_plan(b.model(), request));
  request.input_shapes = {{"image", {1, 256, 100, 100}}};
  const auto found = largest_image_that_fits(b.model(), request, enough);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->h(), 70);
}

TEST(SessionMemory, EveryKernelsPackedWeightsAreAligned) {
  ModelBuilder b({1, 24, 32, 32});
  for (const char* layer : {"conv1", "conv2", "conv3"})
    b.add(layer, "conv2d", {{"out_channels", 24}, {"kernel_size", 3}, {"padding", 1}});
  const Plan plan = make_plan(b.model(), {.observe = {"conv3"}});
  size_t end = 0;
  for (const Step& step : plan.steps)
    if (step.kind == Step::Kind::kernel) {
      EXPECT_EQ(step.packed % 64, 0U) << step.layer;
      EXPECT_GE(step.packed, end) << step.layer;
      end = step.packed + step.kernel->packed_bytes();
    }
  EXPECT_LE(end, plan.packed_bytes);
}

TEST(Session, NamesWhatItDoesByLayerAndPass) {
  const auto b = network_of_any_size();
  SmallDevice device(ample);
  Session session(b.model(), request_on(Device::simt, {1, 3, 60, 80}), device);
  session.forward();
  EXPECT_EQ(std::ranges::count(device.names, "pool forward"), 1);
  EXPECT_EQ(std::ranges::count(device.names, "conv backward_data"), 0);
  const Loss losses[] = {class_score("fc", 2)};
  session.backward(losses);
  EXPECT_EQ(std::ranges::count(device.names, "fc loss"), 1);
  EXPECT_EQ(std::ranges::count(device.names, "conv backward_data"), 1);
}

class RecordedSession : public ::testing::TestWithParam<Device> {};

TEST_P(RecordedSession, DoesWhatForwardAndBackwardDo) {
  auto b = network_of_any_size();
  const auto request = request_on(GetParam(), {1, 3, 20, 24});
  Session session(b.model(), request), step_by_step(b.model(), request);
  const Loss losses[] = {class_score("fc", 2), projection("fc", random_array({1, 5, 1, 1}, b.random()))};
  const auto again = session.record(losses, BackwardMode::guided);
  for (int i = 0; i < 2; ++i) {
    const Array image = random_array({1, 3, 20, 24}, b.random());
    session.set_input("image", image);
    again();
    step_by_step.set_input("image", image);
    step_by_step.forward();
    step_by_step.backward(losses, BackwardMode::guided);
    EXPECT_EQ(session.value("fc").values, step_by_step.value("fc").values);
    EXPECT_EQ(session.gradient("image").values, step_by_step.gradient("image").values);
  }
}

TEST_P(RecordedSession, RefusesALossWhoseGradientDependsOnTheValue) {
  const auto b = network_of_any_size();
  Session session(b.model(), request_on(GetParam(), {1, 3, 20, 24}));
  const Loss losses[] = {{.layer = "fc", .evaluate = [](const Array&, Array&) { return 0.0; }}};
  EXPECT_THROW(session.record(losses), InternalError);
}

INSTANTIATE_TEST_SUITE_P(All, RecordedSession, ::testing::ValuesIn(devices_here()),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace convlens::test
