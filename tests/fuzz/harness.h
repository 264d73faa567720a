#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace convlens::fuzz {

/// Bad input may end in an InputError and in nothing else: any other exception leaves this function and ends the
/// program.
void accept_or_refuse(const std::function<void()>& read);

/// A folder of this process for the files that a target writes, removed when the program ends.
const std::filesystem::path& scratch_folder();

void write(const std::filesystem::path& file, std::span<const uint8_t> bytes);
void write(const std::filesystem::path& file, const std::string& text);

}  // namespace convlens::fuzz
