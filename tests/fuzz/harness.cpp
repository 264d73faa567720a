#include "tests/fuzz/harness.h"

#include <cstdlib>
#include <fstream>

#include "kernels/base/error.h"
#include "tests/base/temporary_folder.h"

namespace convlens::fuzz {

void accept_or_refuse(const std::function<void()>& read) {
  try {
    read();
  } catch (const InputError& error) {
    if (std::string(error.what()).empty()) std::abort();
  }
}

const std::filesystem::path& scratch_folder() {
  static const test::TemporaryFolder folder;
  return folder.path();
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
