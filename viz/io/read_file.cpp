#include "viz/io/read_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "kernels/base/error.h"

namespace convlens::viz {

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const std::string name = "'" + path.string() + "'";
  std::error_code status;
  if (std::filesystem::is_directory(path, status)) throw InputError(name + " is a folder, not a file");
  if (!std::filesystem::exists(path, status)) throw InputError("file " + name + " does not exist");

  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError("file " + name + " cannot be opened: " + std::strerror(errno));
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<size_t>(file.gcount()) != bytes.size()) {
    throw InputError("file " + name + " cannot be read to its end");
  }
  return bytes;
}

}  // namespace convlens::viz
