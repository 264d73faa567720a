#include "viz/file_name.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace convlens::viz {

std::string file_name(std::string text) {
  constexpr std::string_view harmless = "._+-";
  std::ranges::replace_if(
      text,
      [&](char c) {
        return !std::isalnum(static_cast<unsigned char>(c)) && harmless.find(c) == std::string_view::npos;
      },
      '_');
  return text;
}

}  // namespace convlens::viz
