#include "kernels/base/cuda_module.h"

#include <dlfcn.h>

namespace convlens {
namespace {

// Of the driver's API, which is C ("CUDA Driver API", Initialization and Device Management).
using Initialise = int (*)(unsigned flags);
using CountGpus = int (*)(int* count);
// Of libconvlens_cuda (kernels/simt/gpu/device.cpp).
using Refuses = const char* (*)();

std::optional<std::string> why_no_gpu() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (!driver) return "there is no NVIDIA driver";
  const auto initialise = reinterpret_cast<Initialise>(dlsym(driver, "cuInit"));
  const auto count_gpus = reinterpret_cast<CountGpus>(dlsym(driver, "cuDeviceGetCount"));
  int gpus = 0;
  if (!initialise || !count_gpus || initialise(0) != 0 || count_gpus(&gpus) != 0 || gpus == 0)
    return "the NVIDIA driver finds no GPU";
  return std::nullopt;
}

// Libraries stay loaded as long as the program runs. They lie beside libconvlens, which is where its RUNPATH looks.
std::optional<std::string> load() {
  if (auto reason = why_no_gpu()) return reason;
  void* library = dlopen("libconvlens_cuda.so", RTLD_NOW);
  if (!library)
    return "its library, which is built where nvcc is found, cannot be loaded (" + std::string(dlerror()) + ")";
  const auto refuses = reinterpret_cast<Refuses>(dlsym(library, "convlens_cuda_refuses"));
  if (const char* reason = refuses()) return "the GPU cannot be used (" + std::string(reason) + ")";
  // Variants of NVIDIA's own, to compare with; they need cuBLAS and cuDNN, which are not everywhere.
  for (const char* library : {"libconvlens_cublas.so", "libconvlens_cudnn.so"}) dlopen(library, RTLD_NOW);
  return std::nullopt;
}

}  // namespace

const std::optional<std::string>& load_cuda_module() {
  static const std::optional<std::string> reason = load();
  return reason;
}

}  // namespace convlens
