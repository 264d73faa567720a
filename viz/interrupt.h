#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace convlens::viz {

/// From now on Ctrl-C (and SIGTERM) does what the living objects of this file ask for, and ends the program with
/// 128 + the signal's number. Call it first in main(): threads made before it would still die of the signal.
void watch_interrupts();

/// A folder of unfinished results, as long as the object lives.
class RemoveOnInterrupt {
 public:
  explicit RemoveOnInterrupt(std::filesystem::path folder);
  ~RemoveOnInterrupt();
  RemoveOnInterrupt(const RemoveOnInterrupt&) = delete;
  RemoveOnInterrupt& operator=(const RemoveOnInterrupt&) = delete;

 private:
  std::filesystem::path folder_;
};

/// While one lives, Ctrl-C only asks for the end: whoever made it looks between steps, keeps what there is and throws
/// Interrupted. A second Ctrl-C ends the program as usual.
class EndOnRequest {
 public:
  EndOnRequest();
  ~EndOnRequest();
  EndOnRequest(const EndOnRequest&) = delete;
  EndOnRequest& operator=(const EndOnRequest&) = delete;

  int signal() const;  ///< that asked; 0: none yet
};

/// The end that an interrupt asked for: main() returns 128 + the signal's number.
struct Interrupted : std::runtime_error {
  Interrupted(int number, const std::string& what) : std::runtime_error(what), signal(number) {}
  int signal;
};

/// A line for standard error, as long as the object lives.
class SayOnInterrupt {
 public:
  explicit SayOnInterrupt(std::string line);
  ~SayOnInterrupt();
  SayOnInterrupt(const SayOnInterrupt&) = delete;
  SayOnInterrupt& operator=(const SayOnInterrupt&) = delete;

 private:
  std::string line_;
};

}  // namespace convlens::viz
