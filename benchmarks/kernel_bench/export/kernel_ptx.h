#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace convlens::bench {

/// The PTX of kernels, as nvcc compiles their files for compute capability 8.0, each file once.
class KernelPtx {
 public:
  /// Throws InputError if there is no nvcc, or if it fails.
  const std::string& of_file(const std::string& cu_file);

 private:
  std::map<std::string, std::string> texts_;
};

/// The name in `ptx` of a kernel, which is given as it reads demangled, with its parameters. Throws InternalError.
std::string entry_of(const std::string& kernel, const std::string& ptx);

}  // namespace convlens::bench
