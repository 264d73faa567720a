#include "kernels/simt/emulator/launch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/simt/emulator/cooperative_grid.h"
#include "kernels/simt/emulator/sample.h"

namespace simt {
namespace {

constexpr int64_t max_threads = 1024, max_shared_bytes = 227 << 10;  // of a block; compute capability 9.0
constexpr int64_t max_grid_y = 65535;
constexpr int64_t max_resident_blocks = 128, max_resident_threads = 16 << 10;  // each has a stack of its own

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

int64_t blocks_of(const LaunchShape& shape) { return int64_t{shape.grid.x} * shape.grid.y * shape.grid.z; }

void check_resident(const LaunchShape& shape) {
  const int64_t blocks = blocks_of(shape), threads = blocks * shape.block.x * shape.block.y * shape.block.z;
  if (blocks > max_resident_blocks || threads > max_resident_threads)
    throw KernelError("a cooperative grid of " + std::to_string(blocks) + " blocks and " + std::to_string(threads) +
                      " threads, where " + std::to_string(max_resident_blocks) + " blocks and " +
                      std::to_string(max_resident_threads) + " threads fit at once");
}

/// Which of `count` blocks has the turn `turn`.
int64_t whose_turn(int64_t turn, int64_t count, Turns turns) {
  return turns == Turns::ascending ? turn : count - 1 - turn;
}

uint3 index_of(int64_t number, const LaunchShape& shape) {
  const auto x = static_cast<unsigned>(number % shape.grid.x), rest = static_cast<unsigned>(number / shape.grid.x);
  return {x, rest % shape.grid.y, rest / shape.grid.y};
}

/// Of this thread of the CPU; it keeps its fibers from one block to the next.
Block& own_block() {
  thread_local Block block;
  return block;
}

std::atomic<Turns> present_turns = Turns::ascending;
std::atomic<int64_t> present_sample = every_block;

}  // namespace

WithTurns::WithTurns(Turns turns) : before_(present_turns.exchange(turns)) {}
WithTurns::~WithTurns() { present_turns = before_; }

WithSample::WithSample(int64_t blocks) : before_(present_sample.exchange(blocks)) {}
WithSample::~WithSample() { present_sample = before_; }

int64_t sampled_block(int64_t i, int64_t run, int64_t blocks) {
  return run == blocks ? i : i * (blocks - 1) / std::max<int64_t>(run - 1, 1);
}

void run_grid(const LaunchShape& shape, const void* kernel, std::span<const KernelArgument> arguments,
              const std::function<void()>& body) {
  check(shape);
  if (watcher) watcher->launch_begins(shape, kernel, arguments);
  const int64_t blocks = blocks_of(shape), run = std::min(blocks, present_sample.load());
  const Turns turns = present_turns;
  std::exception_ptr error;
  std::mutex mutex;
  std::atomic<bool> failed = false;
#pragma omp parallel for schedule(dynamic) if (!watcher)
  for (int64_t i = 0; i < run; ++i) {
    if (failed) continue;
    try {
      const int64_t number = sampled_block(whose_turn(i, run, turns), run, blocks);
      own_block().run(shape, index_of(number, shape), turns, body);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) error = std::current_exception();
    }
  }
  if (watcher) watcher->launch_ends();
  if (error) std::rethrow_exception(error);
}

void run_cooperative_grid(const LaunchShape& shape, const std::function<void()>& body) {
  check(shape);
  check_resident(shape);
  if (watcher) throw KernelError("a cooperative launch cannot be watched: its blocks do not run one after the other");
  const Turns turns = present_turns;
  const auto blocks = static_cast<int>(blocks_of(shape));
  CooperativeGrid grid(blocks);
  std::vector<std::jthread> threads;
  for (int turn = 0; turn < blocks; ++turn)
    threads.emplace_back([&, turn] {
      grid.take_part(turn,
                     [&] { Block(&grid).run(shape, index_of(whose_turn(turn, blocks, turns), shape), turns, body); });
    });
  threads.clear();  // waits for their ends
  grid.rethrow_error();
}

}  // namespace simt
