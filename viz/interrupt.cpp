#include "viz/interrupt.h"

#include <csignal>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <unistd.h>

namespace convlens::viz {
namespace {

struct Folders {
  std::mutex mutex;
  std::set<std::filesystem::path> paths;
};

// Never destroyed: the watching thread may use it while the program ends.
Folders& folders() {
  static Folders* instance = std::make_unique<Folders>().release();
  return *instance;
}

void remove_folders_and_end(int signal) {
  const std::lock_guard lock(folders().mutex);
  for (const auto& path : folders().paths) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
    std::filesystem::remove(path.parent_path(),
                            ignored);  // succeeds only if it is empty: it was made for these results
  }
  _exit(128 + signal);
}

}  // namespace

void watch_interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] {
    int signal = 0;
    if (sigwait(&signals, &signal) == 0) remove_folders_and_end(signal);
  }).detach();
}

RemoveOnInterrupt::RemoveOnInterrupt(std::filesystem::path folder) : folder_(std::move(folder)) {
  const std::lock_guard lock(folders().mutex);
  folders().paths.insert(folder_);
}

RemoveOnInterrupt::~RemoveOnInterrupt() {
  const std::lock_guard lock(folders().mutex);
  folders().paths.erase(folder_);
}

}  // namespace convlens::viz
