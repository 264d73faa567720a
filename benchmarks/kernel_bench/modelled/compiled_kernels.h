#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace convlens::bench {

/// Instructions by kind, such as FFMA, LDS or integer.
struct InstructionMix {
  std::map<std::string, int> of_kind;
  int total = 0;
  int products = 0;  ///< multiplications of one lane
  int requests = 0;  ///< of memory, as the emulator counts them
};

/// What nvcc made of a kernel for one architecture.
struct CompiledKernel {
  int registers = 0;
  int64_t static_shared_bytes = 0, stack_bytes = 0, local_bytes = 0;
  InstructionMix main_loop;               ///< where it multiplies (tools/convlens/sass.py)
  std::vector<std::string> matrix_types;  ///< of its products of matrices, such as TF32
};

/// The report of tools/report_cuda_kernels.py, which the build writes where nvcc and the disassembler are there.
class CompiledKernels {
 public:
  /// Of one architecture. A file that is not there is a report of nothing.
  CompiledKernels(const std::filesystem::path& file, const std::string& architecture);

  const std::string& compiler() const { return compiler_; }  ///< empty if there is no report
  /// `source` ends in the file's name as the report has it, such as conv2d/cuda/01_naive.cu. Null if it is not there.
  const CompiledKernel* find(const std::string& source, const std::string& kernel) const;

 private:
  std::string compiler_;
  std::map<std::pair<std::string, std::string>, CompiledKernel> kernels_;  ///< by file and name
};

}  // namespace convlens::bench
