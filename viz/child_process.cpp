#include "viz/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void open(int stream, const char* file, int flags) {
    posix_spawn_file_actions_addopen(&actions_, stream, file, flags, 0600);
  }
  void duplicate(int from, int stream) { posix_spawn_file_actions_adddup2(&actions_, from, stream); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// No signal is blocked.
class OpenToSignals {
 public:
  OpenToSignals() {
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~OpenToSignals() { posix_spawnattr_destroy(&attributes_); }
  OpenToSignals(const OpenToSignals&) = delete;
  OpenToSignals& operator=(const OpenToSignals&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, Pipe pipe, const std::filesystem::path& said)
    : said_(said) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // A socket, as writing to one whose other end is closed can be told to fail rather than to raise SIGPIPE.
  int ends[2] = {-1, -1};
  if (pipe != Pipe::none && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw InternalError(std::string("no pipe can be made (") + std::strerror(errno) + ")");
  SpawnActions streams;
  streams.open(STDERR_FILENO, said_.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  if (pipe == Pipe::its_output) streams.duplicate(ends[1], STDOUT_FILENO);
  if (pipe != Pipe::its_output) streams.duplicate(STDERR_FILENO, STDOUT_FILENO);
  if (pipe == Pipe::its_input) streams.duplicate(ends[1], STDIN_FILENO);
  if (pipe != Pipe::its_input) streams.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  const OpenToSignals signals;
  const int error = posix_spawnp(&process_, arguments[0], streams.get(), signals.get(), arguments.data(), environ);
  pipe_ = ends[0];
  if (ends[1] >= 0) ::close(ends[1]);
  if (error == 0) return;
  close_pipe();
  if (error == ENOENT) throw NoSuchProgram("there is no program '" + command[0] + "'");
  throw InternalError("the program '" + command[0] + "' cannot be started (" + std::strerror(error) + ")");
}

ChildProcess::~ChildProcess() {
  if (process_ != 0) kill(process_, SIGTERM);
  wait();
}

void ChildProcess::close_pipe() {
  if (pipe_ >= 0) ::close(pipe_);
  pipe_ = -1;
}

size_t ChildProcess::read(std::span<std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::recv(pipe_, bytes.data() + done, bytes.size() - done, 0);
    if (count == 0 || (count < 0 && errno != EINTR)) break;
    if (count > 0) done += static_cast<size_t>(count);
  }
  return done;
}

bool ChildProcess::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(pipe_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return true;
}

int ChildProcess::wait() {
  close_pipe();
  if (process_ == 0) return 0;
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string ChildProcess::last_line() const {
  std::ifstream stream(said_);
  std::string last;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) last = line;
  return last;
}

}  // namespace convlens::viz
