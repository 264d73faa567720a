// What every device does with tensors besides kernels: memory, moves between layouts, sums, zeros.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/base/devices_here.h"
#include "tests/kernels/device_mirror.h"

namespace convlens::test {
namespace {

constexpr Layout all_layouts[] = {Layout::nchw, Layout::nhwc, Layout::nchw8c, Layout::nchw16c};

// Channels and pixels below, at and above the sizes of blocks and tiles.
const std::vector<Shape> shapes{{1, 1, 1, 1},  {2, 3, 5, 7},  {1, 16, 4, 8},
                                {3, 35, 6, 6}, {1, 67, 1, 1}, {2, 32, 33, 1}};

HostTensor random_tensor(const Shape& shape, Layout layout, uint64_t seed) {
  Generator random(seed);
  const HostTensor wide({shape, DataType::f64, Layout::nchw});
  fill_uniform(wide, random, -1, 1);
  return wide.as(DataType::f32, layout);
}

std::vector<float> values(const HostTensor& tensor) {
  return {tensor.view().f32(), tensor.view().f32() + tensor.desc().elements()};
}

class EveryDevice : public ::testing::TestWithParam<Device> {
 protected:
  DeviceApi& device() const { return device_api(GetParam()); }
};

TEST_P(EveryDevice, ReordersBetweenAllLayouts) {
  for (const Shape& shape : shapes)
    for (const Layout from : all_layouts)
      for (const Layout to : all_layouts) {
        const HostTensor source = random_tensor(shape, from, 1), target({shape, DataType::f32, to});
        DeviceMirror mirror(device());
        device().reorder({source.desc(), mirror.data(source.buffer())}, {target.desc(), mirror.data(target.buffer())});
        mirror.fetch();
        const std::string what = shape.to_string() + " from " + to_string(from) + " to " + to_string(to);
        EXPECT_EQ(values(target), values(source.as(DataType::f32, to))) << what;
        EXPECT_TRUE(target.intact()) << what;
      }
}

TEST_P(EveryDevice, UploadsAndDownloadsInAllLayouts) {
  for (const Shape& shape : shapes)
    for (const Layout layout : all_layouts) {
      const HostTensor plain = random_tensor(shape, Layout::nchw, 2), back({shape, DataType::f32, Layout::nchw}),
                       wide({shape, DataType::f64, Layout::nchw});
      const TensorDesc desc{shape, DataType::f32, layout};
      const DeviceBuffer memory = device().allocate(desc.bytes());
      device().upload(plain.view(), {desc, memory.get()});
      device().download({desc, memory.get()}, back.view());
      device().download({desc, memory.get()}, wide.view());
      EXPECT_EQ(values(back), values(plain)) << shape.to_string() << " in " << to_string(layout);
      EXPECT_EQ(values(wide.as(DataType::f32, Layout::nchw)), values(plain)) << "to doubles";
    }
}

TEST_P(EveryDevice, AddsAndZeroes) {
  for (const Shape& shape : shapes) {
    const HostTensor a = random_tensor(shape, Layout::nhwc, 3), b = random_tensor(shape, Layout::nhwc, 4),
                     zeros = random_tensor(shape, Layout::nhwc, 5);
    std::vector<float> sums = values(a);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += values(b)[i];
    DeviceMirror mirror(device());
    device().accumulate({a.desc(), mirror.data(a.buffer())}, {b.desc(), mirror.data(b.buffer())});
    device().zero({zeros.desc(), mirror.data(zeros.buffer())});
    mirror.fetch();
    EXPECT_EQ(values(b), sums) << shape.to_string();
    EXPECT_EQ(values(zeros), std::vector<float>(sums.size())) << shape.to_string();
    EXPECT_TRUE(b.intact() && zeros.intact()) << shape.to_string();
  }
}

TEST_P(EveryDevice, DoesRecordedWorkEachTimeItIsCalledAndNotBefore) {
  const HostTensor one = random_tensor({1, 8, 4, 4}, Layout::nchw, 6), sum({one.desc()});
  std::ranges::fill_n(sum.view().f32(), sum.desc().elements(), 0.0F);
  DeviceMirror mirror(device());
  const TensorView from{one.desc(), mirror.data(one.buffer())}, to{sum.desc(), mirror.data(sum.buffer())};
  const auto again = device().record([&] { device().accumulate(from, to); });
  mirror.fetch();
  EXPECT_EQ(values(sum), std::vector<float>(values(one).size()));
  again();
  again();
  device().synchronize();
  mirror.fetch();
  std::vector<float> twice = values(one);
  for (float& value : twice) value += value;
  EXPECT_EQ(values(sum), twice);
}

TEST_P(EveryDevice, SaysHowMuchMemoryIsLeft) { EXPECT_GT(device().available(), size_t{1} << 20); }

INSTANTIATE_TEST_SUITE_P(All, EveryDevice, ::testing::ValuesIn(devices_here()),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace convlens::test
