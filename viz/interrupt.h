#pragma once

#include <filesystem>

namespace convlens::viz {

/// From now on Ctrl-C (and SIGTERM) removes the folders of living RemoveOnInterrupt objects and ends the program with
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

}  // namespace convlens::viz
