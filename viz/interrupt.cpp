#include "viz/interrupt.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <unistd.h>

namespace convlens::viz {
namespace {

using Clock = std::chrono::steady_clock;

// Who ends a program and its group, as timeout(1) does, sends it the signal twice.
constexpr std::chrono::milliseconds same_signal{300};

struct Wishes {
  std::mutex mutex;
  std::set<std::filesystem::path> folders;
  std::set<std::string> lines;
  int who_look = 0;  // living EndOnRequest
  int signal = 0;    // that asked them
  Clock::time_point asked{};
};

// Never destroyed: the watching thread may use it while the program ends.
Wishes& wishes() {
  static Wishes* instance = std::make_unique<Wishes>().release();
  return *instance;
}

void fulfil_and_end(int signal) {
  const std::lock_guard lock(wishes().mutex);
  for (const std::string& line : wishes().lines) std::cerr << line << std::endl;
  for (const auto& path : wishes().folders) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
    std::filesystem::remove(path.parent_path(),
                            ignored);  // succeeds only if it is empty: it was made for these results
  }
  _exit(128 + signal);
}

bool is_left_to_those_who_look(int signal) {
  const std::lock_guard lock(wishes().mutex);
  Wishes& w = wishes();
  if (w.who_look == 0) return false;
  if (w.signal) return Clock::now() - w.asked < same_signal;
  w.signal = signal;
  w.asked = Clock::now();
  return true;
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
    while (sigwait(&signals, &signal) == 0)
      if (!is_left_to_those_who_look(signal)) fulfil_and_end(signal);
  }).detach();
}

EndOnRequest::EndOnRequest() {
  const std::lock_guard lock(wishes().mutex);
  ++wishes().who_look;
}

EndOnRequest::~EndOnRequest() {
  const std::lock_guard lock(wishes().mutex);
  --wishes().who_look;
}

int EndOnRequest::signal() const {
  const std::lock_guard lock(wishes().mutex);
  return wishes().signal;
}

RemoveOnInterrupt::RemoveOnInterrupt(std::filesystem::path folder) : folder_(std::move(folder)) {
  const std::lock_guard lock(wishes().mutex);
  wishes().folders.insert(folder_);
}

RemoveOnInterrupt::~RemoveOnInterrupt() {
  const std::lock_guard lock(wishes().mutex);
  wishes().folders.erase(folder_);
}

SayOnInterrupt::SayOnInterrupt(std::string line) : line_(std::move(line)) {
  const std::lock_guard lock(wishes().mutex);
  wishes().lines.insert(line_);
}

SayOnInterrupt::~SayOnInterrupt() {
  const std::lock_guard lock(wishes().mutex);
  wishes().lines.erase(line_);
}

}  // namespace convlens::viz
