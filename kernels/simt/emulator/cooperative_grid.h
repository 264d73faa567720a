#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace simt {

/// The blocks of a cooperative launch, which may wait for each other. Each has a thread of the CPU, as what its threads
/// share is that one's own; they take turns, so that the order of blocks is known and a block that waits in vain is.
class CooperativeGrid {
 public:
  explicit CooperativeGrid(int blocks);

  /// Runs `block` on the calling thread of the CPU, as number `turn` of every round.
  void take_part(int turn, const std::function<void()>& block);

  /// The barrier of the grid, for one thread of each block. Throws KernelError when some blocks do not come to it.
  void barrier(std::source_location where);

  /// Throws what the first block threw, once all have ended.
  void rethrow_error() const;

 private:
  struct Place {
    bool ended = false;
    std::source_location waits_at{};
  };

  void pass_on();
  int first_not_ended(int from) const;
  std::optional<std::string> deadlock() const;

  std::vector<Place> places_;  ///< of each block, in the order of turns
  int turn_ = 0;
  std::optional<std::string> deadlock_;
  std::exception_ptr error_;
  std::mutex mutex_;  ///< held by the block that runs
  std::condition_variable_any turn_changed_;
};

}  // namespace simt
