#include "benchmarks/kernel_bench/export/kernel_ptx.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <vector>

#include "kernels/base/error.h"
#include "kernels/simt/lens/program_symbols.h"

namespace convlens::bench {
namespace {

namespace fs = std::filesystem;

/// Runs a program and waits for its end. Returns its exit code, or 127 if there is no such program.
int run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return 127;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

std::string compiled(const std::string& cu_file) {
  const fs::path ptx = fs::temp_directory_path() / ("convlens-" + std::to_string(getpid()) + ".ptx");
  const int code = run_program({"nvcc", "-ptx", "-arch=compute_80", "-std=c++20", "--expt-relaxed-constexpr", "-I",
                                CONVLENS_SOURCE_DIR, "-o", ptx.string(), cu_file});
  if (code == 127) throw InputError("--export needs nvcc, for the kernel's PTX, and there is none in PATH");
  if (code != 0) throw InputError("nvcc cannot compile '" + cu_file + "'");
  std::stringstream text;
  text << std::ifstream(ptx).rdbuf();
  fs::remove(ptx);
  return text.str();
}

}  // namespace

const std::string& KernelPtx::of_file(const std::string& cu_file) {
  const auto known = texts_.find(cu_file);
  return known != texts_.end() ? known->second : texts_.emplace(cu_file, compiled(cu_file)).first->second;
}

std::string entry_of(const std::string& kernel, const std::string& ptx) {
  // Each compiler has its own name for an anonymous namespace; demangled, they are the same.
  static const std::regex entry(R"(\.entry\s+([\w$]+))");
  for (std::sregex_iterator found(ptx.begin(), ptx.end(), entry), end; found != end; ++found)
    if (simt::demangled((*found)[1].str().c_str()) == kernel) return (*found)[1];
  throw InternalError("the PTX has no entry '" + kernel + "'");
}

}  // namespace convlens::bench
