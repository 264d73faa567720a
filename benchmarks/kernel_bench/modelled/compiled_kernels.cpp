#include "benchmarks/kernel_bench/modelled/compiled_kernels.h"

#include <fstream>

#include "kernels/base/json.h"

namespace convlens::bench {
namespace {

InstructionMix mix_from(const Json& json) {
  InstructionMix mix;
  for (const auto& [kind, count] : json.items()) {
    int& place = kind == "total"      ? mix.total
                 : kind == "products" ? mix.products
                 : kind == "requests" ? mix.requests
                                      : mix.of_kind[kind];
    place = count.get<int>();
  }
  return mix;
}

CompiledKernel kernel_from(const Json& json) {
  return {.registers = json.at("registers"),
          .static_shared_bytes = json.at("shared_bytes"),
          .stack_bytes = json.at("stack_bytes"),
          .local_bytes = json.at("local_bytes"),
          .main_loop = mix_from(json.at("main_loop")),
          .matrix_types = json.value("matrix_types", std::vector<std::string>{})};
}

}  // namespace

CompiledKernels::CompiledKernels(const std::filesystem::path& file, const std::string& architecture) {
  std::ifstream in(file);
  if (!in) return;
  const Json report = Json::parse(in);
  compiler_ = report.at("compiler");
  for (const Json& kernel : report.at("kernels"))
    if (const Json& compiled = kernel.at("architectures"); compiled.contains(architecture))
      kernels_[{kernel.at("file"), kernel.at("kernel")}] = kernel_from(compiled.at(architecture));
}

const CompiledKernel* CompiledKernels::find(const std::string& source, const std::string& kernel) const {
  for (const auto& [name, compiled] : kernels_)
    if (name.second == kernel && source.ends_with("/" + name.first)) return &compiled;
  return nullptr;
}

}  // namespace convlens::bench
