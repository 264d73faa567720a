#include "tests/fuzz/harness.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "kernels/base/error.h"

namespace convlens::fuzz {
namespace {

struct TemporaryFolder {
  std::filesystem::path path;

  TemporaryFolder() : path(std::filesystem::temp_directory_path() / ("convlens_fuzz_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

void accept_or_refuse(const std::function<void()>& read) {
  try {
    read();
  } catch (const InputError& error) {
    if (std::string(error.what()).empty()) std::abort();
  }
}

const std::filesystem::path& scratch_folder() {
  static const TemporaryFolder folder;
  return folder.path;
}

void write(const std::filesystem::path& file, std::span<const uint8_t> bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) std::abort();
}

void write(const std::filesystem::path& file, const std::string& text) {
  write(file, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace convlens::fuzz
