#pragma once

#include <string>

namespace convlens::viz {

/// Free text, such as a layer's name with slashes, as a file's name: all but letters, digits and "._+-" become "_".
std::string file_name(std::string text);

}  // namespace convlens::viz
