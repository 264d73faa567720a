#include "kernels/simt/emulator/launch.h"

#include <atomic>
#include <exception>
#include <mutex>

namespace simt {
namespace {

constexpr int64_t max_threads = 1024, max_shared_bytes = 227 << 10;  // of a block; compute capability 9.0
constexpr int64_t max_grid_y = 65535;

void check(const LaunchShape& shape) {
  const int64_t threads = int64_t{shape.block.x} * shape.block.y * shape.block.z;
  if (threads < 1 || threads > max_threads || shape.block.z > 64)
    throw KernelError("a block of " + std::to_string(threads) + " threads, where 1 to " + std::to_string(max_threads) +
                      " are possible (64 along z)");
  if (static_cast<int64_t>(shape.shared_bytes) > max_shared_bytes)
    throw KernelError(std::to_string(shape.shared_bytes) + " bytes of shared memory, where " +
                      std::to_string(max_shared_bytes) + " are possible");
  if (shape.grid.x < 1 || shape.grid.y < 1 || shape.grid.z < 1 || shape.grid.x > 0x7fffffffU ||
      shape.grid.y > max_grid_y || shape.grid.z > max_grid_y)
    throw KernelError("a grid of " + std::to_string(shape.grid.x) + " x " + std::to_string(shape.grid.y) + " x " +
                      std::to_string(shape.grid.z) + " blocks");
}

/// Of this thread of the CPU; it keeps its fibers from one block to the next.
Block& own_block() {
  thread_local Block block;
  return block;
}

std::atomic<Turns> present_turns = Turns::ascending;

}  // namespace

WithTurns::WithTurns(Turns turns) : before_(present_turns.exchange(turns)) {}
WithTurns::~WithTurns() { present_turns = before_; }

void run_grid(const LaunchShape& shape, const void* kernel, const std::function<void()>& body) {
  check(shape);
  if (watcher) watcher->launch_begins(shape, kernel);
  const int64_t blocks = int64_t{shape.grid.x} * shape.grid.y * shape.grid.z;
  const Turns turns = present_turns;
  std::exception_ptr error;
  std::mutex mutex;
  std::atomic<bool> failed = false;
#pragma omp parallel for schedule(dynamic) if (!watcher)
  for (int64_t i = 0; i < blocks; ++i) {
    if (failed) continue;
    const int64_t number = turns == Turns::ascending ? i : blocks - 1 - i;
    const auto x = static_cast<unsigned>(number % shape.grid.x), rest = static_cast<unsigned>(number / shape.grid.x);
    try {
      own_block().run(shape, {x, rest % shape.grid.y, rest / shape.grid.y}, turns, body);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) error = std::current_exception();
    }
  }
  if (watcher) watcher->launch_ends();
  if (error) std::rethrow_exception(error);
}

}  // namespace simt
