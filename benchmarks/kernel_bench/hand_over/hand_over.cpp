#include <unistd.h>

#include <filesystem>

#include "benchmarks/kernel_bench/on_simt.h"
#include "kernels/base/error.h"

namespace convlens::bench {

int run_on_simt(const std::vector<BenchProblem>&, const SimtOptions&, char** arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string() + "_simt";
  execv(program.c_str(), arguments);
  throw InputError("the modelled table needs the program " + program + ", which is built by GCC with CONVLENS_LENS=ON");
}

}  // namespace convlens::bench
