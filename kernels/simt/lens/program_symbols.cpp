#include "kernels/simt/lens/program_symbols.h"

#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <unistd.h>

#include <stdexcept>

namespace simt {
namespace {

// "void convlens::(anonymous namespace)::forward(Sizes)" -> "convlens::(anonymous namespace)::forward"
std::string without_parameters(std::string text) {
  const std::string anonymous = "(anonymous namespace)";
  size_t from = 0;
  while (text.compare(text.find('(', from), anonymous.size(), anonymous) == 0)
    from = text.find('(', from) + anonymous.size();
  text = text.substr(0, text.find('(', from));
  return text.starts_with("void ") ? text.substr(5) : text;
}

// Of the calling thread, in the main program.
std::byte* thread_local_block() {
  std::byte* block = nullptr;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        *static_cast<std::byte**>(data) = static_cast<std::byte*>(info->dlpi_tls_data);
        return 1;  // the main program is the first
      },
      &block);
  return block;
}

uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }

}  // namespace

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

struct ProgramSymbols::Impl {
  Dwfl_Callbacks callbacks{.find_elf = dwfl_linux_proc_find_elf, .find_debuginfo = dwfl_standard_find_debuginfo};
  Dwfl* dwfl = dwfl_begin(&callbacks);
  ~Impl() { dwfl_end(dwfl); }
};

ProgramSymbols::ProgramSymbols() : impl_(std::make_unique<Impl>()) {
  if (!impl_->dwfl || dwfl_linux_proc_report(impl_->dwfl, getpid()) != 0 ||
      dwfl_report_end(impl_->dwfl, nullptr, nullptr) != 0)
    throw std::runtime_error(std::string("the program's debugging information cannot be read: ") + dwfl_errmsg(-1));
}

ProgramSymbols::~ProgramSymbols() = default;

SourceLine ProgramSymbols::line(const Site& site) const {
  if (site.file) return {site.file, site.line};
  const uintptr_t call = number(site.code) - 1;  // it returns behind the call
  Dwfl_Module* module = dwfl_addrmodule(impl_->dwfl, call);
  Dwfl_Line* found = module ? dwfl_module_getsrc(module, call) : nullptr;
  int line = 0;
  const char* file = found ? dwfl_lineinfo(found, nullptr, &line, nullptr, nullptr, nullptr) : nullptr;
  return file ? SourceLine{file, static_cast<unsigned>(line)} : SourceLine{};
}

std::string ProgramSymbols::function(const void* code) const { return without_parameters(signature(code)); }

std::string ProgramSymbols::signature(const void* code) const {
  Dwfl_Module* module = dwfl_addrmodule(impl_->dwfl, number(code));
  const char* name = module ? dwfl_module_addrname(module, number(code)) : nullptr;
  return name ? demangled(name) : "a kernel";
}

std::string ProgramSymbols::compiled_file(const void* code) const {
  Dwarf_Addr bias = 0;
  Dwarf_Die* unit = dwfl_addrdie(impl_->dwfl, number(code), &bias);
  const char* file = unit ? dwarf_diename(unit) : nullptr;
  return file ? file : "";
}

std::vector<SharedVariable> ProgramSymbols::shared_variables() const {
  std::vector<SharedVariable> list;
  std::byte* block = thread_local_block();
  Dwfl_Module* program = dwfl_addrmodule(impl_->dwfl, number(reinterpret_cast<const void*>(&demangled)));
  for (int i = 0, count = dwfl_module_getsymtab(program); i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    const char* name = dwfl_module_getsym_info(program, i, &symbol, &address, nullptr, nullptr, nullptr);
    if (name && GELF_ST_TYPE(symbol.st_info) == STT_TLS && symbol.st_shndx != SHN_UNDEF)
      list.push_back({demangled(name), block + symbol.st_value, symbol.st_size});
  }
  return list;
}

}  // namespace simt
