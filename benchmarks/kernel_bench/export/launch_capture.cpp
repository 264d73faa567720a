#include "benchmarks/kernel_bench/export/launch_capture.h"

#include <algorithm>
#include <cstring>

namespace convlens::bench {
namespace {

/// The type of what `type`, such as "float const*", points to, in NumPy's words.
std::string value_type(const std::string& type) {
  static const std::map<std::string, std::string> types{
      {"float", "<f4"}, {"double", "<f8"}, {"int", "<i4"}, {"unsigned int", "<u4"}};
  for (const auto& [name, numpy] : types)
    if (type == name + "*" || type == name + " const*") return numpy;
  return "|u1";
}

}  // namespace

LaunchCapture::LaunchCapture() { simt::watcher = this; }
LaunchCapture::~LaunchCapture() { simt::watcher = nullptr; }

void LaunchCapture::allocated(const void* address, size_t bytes) {
  // What a kernel writes then differs from what it found, whatever lay there before.
  std::memset(const_cast<void*>(address), 0xff, bytes);
  memory_[static_cast<const std::byte*>(address)] = bytes;
}

void LaunchCapture::freed(const void* address) { memory_.erase(static_cast<const std::byte*>(address)); }

void LaunchCapture::launch_begins(const simt::LaunchShape& shape, const void* kernel,
                                  std::span<const simt::KernelArgument> arguments) {
  launches_.push_back({.kernel = symbols_.signature(kernel), .file = symbols_.compiled_file(kernel), .shape = shape});
  for (const simt::KernelArgument& argument : arguments) launches_.back().arguments.push_back(captured(argument));
}

void LaunchCapture::launch_ends() {
  for (CapturedBuffer& buffer : launches_.back().buffers)
    buffer.after.assign(buffer.address, buffer.address + buffer.before.size());
}

CapturedArgument LaunchCapture::captured(const simt::KernelArgument& argument) {
  CapturedArgument result{.type = simt::demangled(argument.type->name()),
                          .bytes = {argument.bytes.begin(), argument.bytes.end()}};
  const std::byte* address = nullptr;
  for (size_t at = 0; at + sizeof(address) <= result.bytes.size(); at += sizeof(address)) {
    std::memcpy(&address, &result.bytes[at], sizeof(address));
    auto after = memory_.upper_bound(address);
    if (after == memory_.begin()) continue;
    const auto [begin, bytes] = *--after;
    const auto offset = static_cast<size_t>(address - begin);
    if (offset >= bytes) continue;
    result.pointers.push_back({at, buffer_at(begin, bytes, value_type(result.type)), offset});
    std::fill_n(&result.bytes[at], sizeof(address), std::byte{0});
  }
  return result;
}

size_t LaunchCapture::buffer_at(const std::byte* begin, size_t bytes, const std::string& type) {
  std::vector<CapturedBuffer>& buffers = launches_.back().buffers;
  const auto number =
      static_cast<size_t>(std::ranges::find(buffers, begin, &CapturedBuffer::address) - buffers.begin());
  if (number == buffers.size()) buffers.push_back({.address = begin, .type = type, .before = {begin, begin + bytes}});
  return number;
}

}  // namespace convlens::bench
