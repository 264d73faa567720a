#pragma once

#include <compare>
#include <cstddef>
#include <source_location>
#include <span>
#include <typeinfo>

namespace simt {

struct LaunchShape;
class Block;

enum class Access { read, write, atomic };

/// Where an access stands in the source: the address of an instruction, or the place that a primitive was given.
struct Site {
  const void* code = nullptr;
  const char* file = nullptr;
  unsigned line = 0;

  Site(const void* return_address) : code(return_address) {}
  Site(std::source_location where) : file(where.file_name()), line(where.line()) {}
  auto operator<=>(const Site&) const = default;
};

/// One argument of a launch, as the kernel gets it.
struct KernelArgument {
  const std::type_info* type;
  std::span<const std::byte> bytes;

  template <class T>
  explicit KernelArgument(const T& argument) : type(&typeid(T)), bytes(std::as_bytes(std::span(&argument, 1))) {}
};

/// Is told of everything that kernels do. Blocks then run one after the other.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void allocated(const void* address, size_t bytes) = 0;
  virtual void freed(const void* address) = 0;
  virtual void written(const void* address, size_t bytes) = 0;  ///< by the host
  virtual void launch_begins(const LaunchShape& shape, const void* kernel,
                             std::span<const KernelArgument> arguments) = 0;
  virtual void block_begins(Block& block) = 0;
  virtual void stepped(const void* code) = 0;  ///< a basic block begins
  virtual void accessed(const void* address, size_t bytes, Access access, const Site& site) = 0;
  virtual void block_ends() = 0;
  virtual void launch_ends() = 0;
};

/// Whoever watches; usually nobody.
inline constinit Watcher* watcher = nullptr;

/// For primitives, whose accesses no instrument sees.
inline void tell(const void* address, size_t bytes, Access access, std::source_location where) {
  if (watcher) watcher->accessed(address, bytes, access, where);
}

}  // namespace simt
