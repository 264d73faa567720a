#include "viz/features/projection_tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kernels/base/error.h"
#include "viz/io/npy.h"
#include "viz/temporary_folder.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

constexpr int missing_package = 3;  // tools/project.py's exit code
constexpr int no_such_program = 127;

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

// The exit code of a program, whose standard error goes into a file. It gets Ctrl-C, which this program has blocked.
int exit_code(std::vector<std::string> command, const fs::path& standard_error) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, standard_error.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t process = 0;
  const int error = posix_spawnp(&process, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return no_such_program;
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string last_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string last;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) last = line;
  return last;
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
  const int code = exit_code(command, said);
  if (code == missing_package || code == no_such_program)
    throw InputError("'" + arguments[0] + "' needs Python packages that " + command[0] + " lacks (" +
                     (code == missing_package ? last_line(said) : "there is no such program") +
                     "): tools/install_dependencies.sh --projection installs them");
  if (code != 0) throw InternalError("tools/project.py " + arguments[0] + " failed: " + last_line(said));
  NpyArray result = read_npy(output);
  Array projected({result.shape.at(0), result.shape.at(1)});
  projected.values = std::move(result.values);
  return projected;
}

}  // namespace convlens::viz
