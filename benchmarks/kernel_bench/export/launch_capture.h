#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/simt/emulator/block.h"
#include "kernels/simt/lens/program_symbols.h"

namespace convlens::bench {

/// What a kernel is given. `pointers` are the words of `bytes` (zero there) that point into a buffer of the launch.
struct CapturedArgument {
  struct Pointer {
    size_t at, buffer, offset;
  };
  std::string type;
  std::vector<std::byte> bytes;
  std::vector<Pointer> pointers;
};

/// Memory of the device that an argument points into.
struct CapturedBuffer {
  const std::byte* address;
  std::string
      type;  ///< of its values, in NumPy's words ("<f4"), as the arguments' types have it; "|u1" if they do not say
  std::vector<std::byte> before, after;
};

/// A launch with all that is needed to repeat it.
struct CapturedLaunch {
  std::string kernel;  ///< demangled, with its parameters
  std::string file;    ///< the .cu file
  simt::LaunchShape shape;
  std::vector<CapturedArgument> arguments;
  std::vector<CapturedBuffer> buffers;
};

/// Captures every launch as long as it lives. To be there before the memory of the kernels is.
class LaunchCapture final : public simt::Watcher {
 public:
  LaunchCapture();
  ~LaunchCapture() override;

  const std::vector<CapturedLaunch>& launches() const { return launches_; }

  void allocated(const void* address, size_t bytes) override;
  void freed(const void* address) override;
  void written(const void*, size_t) override {}
  void launch_begins(const simt::LaunchShape& shape, const void* kernel,
                     std::span<const simt::KernelArgument> arguments) override;
  void launch_ends() override;
  void block_begins(simt::Block&) override {}
  void stepped(const void*) override {}
  void accessed(const void*, size_t, simt::Access, const simt::Site&) override {}
  void block_ends() override {}

 private:
  CapturedArgument captured(const simt::KernelArgument& argument);
  size_t buffer_at(const std::byte* begin, size_t bytes, const std::string& type);

  simt::ProgramSymbols symbols_;
  std::map<const std::byte*, size_t> memory_;  ///< address -> bytes
  std::vector<CapturedLaunch> launches_;
};

}  // namespace convlens::bench
