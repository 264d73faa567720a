#pragma once

#include <string>
#include <vector>

#include "engine/array.h"

namespace convlens::viz {

/// What tools/project.py makes of a matrix: one run of that Python program with `arguments` (its command and options).
/// The Python is that of $CONVLENS_PYTHON, else of .venv-projection in the source folder, else python3.
/// Throws InputError that says what to install when Python or one of its packages is missing; InternalError when it
/// fails otherwise.
Array project(const Array& matrix, const std::vector<std::string>& arguments);

}  // namespace convlens::viz
