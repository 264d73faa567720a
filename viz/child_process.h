#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace convlens::viz {

struct NoSuchProgram : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Another program that runs beside this one. It gets Ctrl-C, which this program has blocked.
class ChildProcess {
 public:
  /// Which of its standard streams is a pipe to this program.
  enum class Pipe { none, its_input, its_output };

  /// `command`: the program (looked for in $PATH) and its arguments. What it says goes into the file `said`, its output
  /// included unless that is a pipe. Throws NoSuchProgram; InternalError when no process can be made.
  ChildProcess(std::vector<std::string> command, Pipe pipe, const std::filesystem::path& said);
  /// Ends it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Fills `bytes` with the next of its output; fewer only at the end. Returns how many.
  size_t read(std::span<std::byte> bytes);
  /// Gives it these bytes; false when it does not take them any more.
  bool write(std::span<const std::byte> bytes);

  /// Closes the pipe and waits for its end: the exit code, or 128 + the signal's number.
  int wait();
  /// The last thing it said, e.g. why it failed.
  std::string last_line() const;

 private:
  void close_pipe();

  std::filesystem::path said_;
  int pipe_ = -1;
  pid_t process_ = 0;
};

}  // namespace convlens::viz
