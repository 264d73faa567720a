#pragma once

#include <string_view>

namespace convlens::viz {

/// The contents of report.mustache and section.mustache, embedded when the program is built.
extern const std::string_view report_template, section_template;

}  // namespace convlens::viz
