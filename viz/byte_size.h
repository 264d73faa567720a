#pragma once

#include <cstddef>
#include <string>

namespace convlens::viz {

/// "4GB", "512 MB", "1.5GiB", "100000 B": kB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024. Throws InputError that
/// names `key`.
size_t parse_byte_size(const std::string& key, const std::string& text);

}  // namespace convlens::viz
