#include "benchmarks/base/raw_file.h"

#include <fstream>

#include "kernels/base/error.h"

namespace convlens::bench {

void read_raw(const std::filesystem::path& file, Array& array) {
  std::ifstream stream(file, std::ios::binary);
  const auto bytes = static_cast<std::streamsize>(array.values.size() * sizeof(float));
  stream.read(reinterpret_cast<char*>(array.values.data()), bytes);
  if (stream.gcount() != bytes || stream.peek() != std::ifstream::traits_type::eof())
    throw InputError(file.string() + ": expected " + std::to_string(bytes) + " bytes, float32 of the shape " +
                     array.shape.to_string());
}

void write_raw(const std::filesystem::path& file, const Array& array) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(array.values.data()),
               static_cast<std::streamsize>(array.values.size() * sizeof(float)));
  if (!stream.flush()) throw InputError(file.string() + " cannot be written");
}

}  // namespace convlens::bench
