#include "viz/temporary_folder.h"

#include <stdlib.h>

#include "kernels/base/error.h"

namespace convlens::viz {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "viz_run-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    throw InternalError("no temporary folder can be made in " + fs::temp_directory_path().string());
  path_ = pattern;
  remove_on_interrupt_.emplace(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace convlens::viz
