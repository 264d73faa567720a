// When the device cuda is loaded, and what is said where it is not. Each question is asked in a process of its own, as
// the first answer stays; a library that is loaded already is found by its name, and so a driver of ours for NVIDIA's.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <iostream>

#include "kernels/base/device_api.h"
#include "kernels/base/registry.h"

namespace convlens::test {
namespace {

[[noreturn]] void ask(const char* driver) {
  if (!dlopen(driver, RTLD_NOW)) std::cerr << dlerror();
  try {
    device_api(Device::cuda);
  } catch (const InputError& error) {
    std::cerr << error.what();
  }
  std::cerr << ", with " << variants("relu", Pass::forward, Device::cuda).size() << " variant of relu";
  std::exit(0);
}

// The driver that says so is ours and can do no more, which CUDA's runtime takes for an old one.
TEST(CudaLoading, IsLoadedWhereThereIsAGpuAndAsksWhetherItCanBeUsed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ask(DRIVER_OF_1_GPUS), ::testing::ExitedWithCode(0),
              "the device \"cuda\" is not here: the GPU cannot be used .CUDA driver version is insufficient.*"
              ", with 1 variant of relu");
}

TEST(CudaLoading, IsLeftAloneWhereThereIsNone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ask(DRIVER_OF_0_GPUS), ::testing::ExitedWithCode(0),
              "the device \"cuda\" is not here: the NVIDIA driver finds no GPU, with 0 variant of relu");
}

}  // namespace
}  // namespace convlens::test
