#include "viz/features/projection_tool.h"

#include <cstdlib>
#include <filesystem>

#include "kernels/base/error.h"
#include "viz/child_process.h"
#include "viz/io/npy.h"
#include "viz/temporary_folder.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

constexpr int missing_package = 3;  // tools/project.py's exit code

// Beside an installed viz_run, or in the source folder.
fs::path script() {
  std::error_code ignored;
  const fs::path installed = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/convlens/project.py";
  return fs::exists(installed) ? installed : fs::path(CONVLENS_SOURCE_DIR) / "tools/project.py";
}

std::string python() {
  if (const char* chosen = std::getenv("CONVLENS_PYTHON")) return chosen;
  const fs::path own = fs::path(CONVLENS_SOURCE_DIR) / ".venv-projection/bin/python";
  return fs::exists(own) ? own.string() : "python3";
}

[[noreturn]] void refuse_for_want_of(const std::string& what, const std::string& python, const std::string& asked) {
  throw InputError("'" + asked + "' needs Python packages that " + python + " lacks (" + what +
                   "): tools/install_dependencies.sh --projection installs them");
}

void run(const std::vector<std::string>& command, const std::string& asked, const fs::path& said) {
  try {
    ChildProcess process(command, ChildProcess::Pipe::none, said);
    const int code = process.wait();
    if (code == missing_package) refuse_for_want_of(process.last_line(), command[0], asked);
    if (code != 0) throw InternalError("tools/project.py " + asked + " failed: " + process.last_line());
  } catch (const NoSuchProgram& error) {
    refuse_for_want_of(error.what(), command[0], asked);
  }
}

}  // namespace

Array project(const Array& matrix, const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const fs::path input = folder.path() / "input.npy", output = folder.path() / "output.npy",
                 said = folder.path() / "said";
  const int64_t shape[] = {matrix.shape[0], matrix.shape[1]};
  write_npy(input, shape, matrix.values);
  std::vector<std::string> command{python(), script().string(), input.string(), output.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  run(command, arguments[0], said);
  NpyArray result = read_npy(output);
  Array projected({result.shape.at(0), result.shape.at(1)});
  projected.values = std::move(result.values);
  return projected;
}

}  // namespace convlens::viz
