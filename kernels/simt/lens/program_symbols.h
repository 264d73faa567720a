#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/simt/emulator/watcher.h"

namespace simt {

struct SourceLine {
  std::string file;  ///< as the compiler was given it
  unsigned line = 0;
  auto operator<=>(const SourceLine&) const = default;
};

/// A `__shared__` array: its name and where the calling thread of the CPU has it.
struct SharedVariable {
  std::string name;
  std::byte* address;
  size_t bytes;
};

/// As C++ has it: "convlens::forward(float*)" for "_ZN8convlens7forwardEPf"; as it is if it is no such name.
std::string demangled(const char* name);

/// What the debugging information of the running program says (elfutils' libdw).
class ProgramSymbols {
 public:
  ProgramSymbols();
  ~ProgramSymbols();

  SourceLine line(const Site& site) const;
  std::string function(const void* code) const;       ///< demangled, without its parameters
  std::string signature(const void* code) const;      ///< demangled, with them
  std::string compiled_file(const void* code) const;  ///< whose compilation made it; empty if nothing tells
  /// The program's own thread-local variables, which is what `__shared__` ones are in the emulator.
  std::vector<SharedVariable> shared_variables() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace simt
