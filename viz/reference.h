#pragma once

#include <string>

namespace convlens::viz {

std::string list_text();                             ///< the algorithms and operators, a line each
std::string describe_text(const std::string& name);  ///< keys or parameters; throws InputError with the nearest names

/// The reference pages of docs/reference as Markdown: made from the same descriptions that parse the configuration.
std::string algorithms_page();
std::string operators_page();
std::string trainings_page();

}  // namespace convlens::viz
