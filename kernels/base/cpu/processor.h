#pragma once

#include <string>

namespace convlens {

/// Name, family and model as the system gives them: a hypervisor often hides what is behind the name.
std::string processor_name();

}  // namespace convlens
