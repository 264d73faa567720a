#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "kernels/base/update.h"
#include "tests/kernels/device_mirror.h"
#include "tests/kernels/host_tensor.h"

namespace convlens::test {

struct UpdateCase {
  std::string update, name;
  Json params;
  Shape shape;
  Device device;
};

inline void PrintTo(const UpdateCase& c, std::ostream* out) { *out << c.update << "__" << c.name; }

/// All cases of kernels/UPDATE/cases.json, on each of the devices: {"name", "shape": [N, C, H, W], "params": {...}}
inline std::vector<UpdateCase> update_cases(std::initializer_list<Device> devices) {
  std::vector<UpdateCase> cases;
  for (const std::string& update : update_names()) {
    std::ifstream stream(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels" / update / "cases.json");
    for (const Json& json : Json::parse(stream))
      for (const Device device : devices)
        cases.push_back({update, json.at("name"), json.value("params", Json::object()),
                         Shape(std::span<const int64_t>(json.at("shape").get<std::vector<int64_t>>())), device});
  }
  return cases;
}

inline std::string name_of(const ::testing::TestParamInfo<UpdateCase>& info) {
  return info.param.update + "__" + info.param.name + "__" + to_string(info.param.device);
}

/// A tensor under an update on one device.
class UpdateRun {
  const Update& update_;
  UpdateProblem problem_;

 public:
  UpdateRun(const std::string& update, const Json& params, const Shape& shape, Device device)
      : update_(update_by_name(update)),
        problem_{update_.new_params(),
                 {shape, device == Device::reference ? DataType::f64 : DataType::f32, Layout::nchw}},
        variant(update_variant(update, device)),
        value(problem_.tensor) {
    read_params(*problem_.params, params, "test", "params");
    for (size_t i = 0; i < update_.states(); ++i) {
      states.emplace_back(problem_.tensor);
      std::memset(states.back().view().data, 0, problem_.tensor.bytes());
    }
  }

  void set(const HostTensor& f64) { value = f64.as(problem_.tensor.type, Layout::nchw); }

  void step(const HostTensor& gradient, int64_t number) {
    const HostTensor typed = gradient.as(problem_.tensor.type, Layout::nchw);
    GuardedBuffer workspace(variant.workspace ? variant.workspace(problem_) : 0);
    std::memset(workspace.data(), 0xff, workspace.size());
    DeviceMirror device(device_api(variant.device));
    const auto state_views = device.views(states);
    const std::vector<double> factors = update_.numbers(*problem_.params, number);
    GuardedBuffer numbers(sizeof(double) * factors.size());
    std::ranges::copy(factors, reinterpret_cast<double*>(numbers.data()));
    variant.run(problem_, {.value = device.views({value})[0],
                           .gradient = device.views({typed})[0],
                           .states = state_views,
                           .numbers = reinterpret_cast<const double*>(device.data(numbers)),
                           .workspace = device.data(workspace)});
    device.fetch();
    EXPECT_TRUE(workspace.intact() && numbers.intact() && value.intact() && typed.intact());
    for (const HostTensor& state : states) EXPECT_TRUE(state.intact());
  }

  const UpdateVariant& variant;
  HostTensor value;
  std::vector<HostTensor> states;
};

}  // namespace convlens::test
