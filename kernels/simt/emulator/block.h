#pragma once

#include <array>
#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/simt/emulator/stack_switch.h"
#include "kernels/simt/emulator/vector_types.h"
#include "kernels/simt/emulator/watcher.h"

namespace simt {

/// A bug of a kernel: what happened, in which block and thread, at which file and line.
class KernelError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The sizes of a launch.
struct LaunchShape {
  dim3 grid, block;
  size_t shared_bytes = 0;  ///< dynamic shared memory of a block
};

constexpr int warp_size = 32;

/// In which order threads, warps and blocks take turns. CUDA promises none: a kernel whose results differ has a race.
enum class Turns { ascending, descending };

/// A meeting of some lanes of a warp, each of which leaves a value that the others may read.
struct Meeting {
  const char* what;  ///< the primitive; lanes meet only in the same one
  uint32_t mask;     ///< lanes that were called
  uint32_t came = 0;
  uint32_t to_leave = 0;  ///< lanes that have not read yet, once it is complete
  bool complete = false;
  std::array<uint64_t, warp_size> values{};
};

/// An asynchronous copy that nobody has waited for yet.
struct AsyncCopy {
  void* to;
  const void* from;
  size_t size, zeros;
  std::source_location where;
};

class Block;
class CooperativeGrid;

std::string to_string(std::source_location where);

/// A CUDA thread.
struct Thread {
  uint3 index;
  int number;  ///< in its block
  Block* block;
  const char* waits_for = nullptr;  ///< a primitive's name, while it waits
  std::source_location where;
  bool ended = false;
  int barriers = 0, warp_barriers = 0;  ///< passed so far
  int calls = 0;                        ///< how deep in functions; counted for a watcher
  std::vector<AsyncCopy> copies{};
  std::vector<size_t> copy_groups{};  ///< of each committed group, the number of copies up to its end

  /// Makes the copies of all groups but the last `prior`.
  void finish_copies(size_t prior);

  int lane() const { return number % warp_size; }
  int warp() const { return number / warp_size; }
};

/// Runs the threads of one block after the other on the calling thread of the CPU, each a fiber from the moment at
/// which it has to wait. A thread that never waits costs no more than a call.
class Block {
 public:
  /// `grid` is that of a cooperative launch.
  explicit Block(CooperativeGrid* grid = nullptr) : grid_(grid) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// Runs `body` once for each thread of the block. Throws what a thread throws, and KernelError when those that are
  /// left wait for each other.
  void run(const LaunchShape& shape, uint3 index, Turns turns, const std::function<void()>& body);

  const LaunchShape& shape() const { return shape_; }
  const uint3& index() const { return index_; }
  std::span<const Thread> threads() const { return threads_; }
  CooperativeGrid* grid() const { return grid_; }
  std::byte* dynamic_shared() { return dynamic_shared_.data(); }

  /// The barrier of the block. Returns for how many of its threads `predicate` holds.
  int barrier(const char* what, bool predicate, std::source_location where);

  /// Meets the lanes of `mask` and leaves `value`; to be followed by leave().
  Meeting& meet(const char* what, uint32_t mask, uint64_t value, std::source_location where);
  void leave(Meeting& meeting);

  /// A bug of the thread that runs now.
  [[noreturn]] void fail(const std::string& what, std::source_location where) const;

 private:
  /// A fiber that runs threads; while one of them waits, another worker takes the next.
  struct Worker {
    Stack own_stack, scheduler_stack;
    boost::context::fiber own, scheduler;

    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();  ///< unwinds the threads that it runs

    void resume();  ///< from the scheduler, until it waits
    void wait();    ///< goes back to the scheduler, until it is resumed
  };

  void start(const LaunchShape& shape, uint3 index);
  int next_thread();
  int next_ready();
  void schedule();
  void work(Worker& worker);
  void run_thread(int number);
  void end_thread(Thread& thread);
  void wait(const char* what, std::source_location where);
  void wake(int number);
  void resume(Worker& worker);
  Worker& idle_worker();
  std::unique_ptr<Worker> new_worker();
  Meeting& meeting_of(const char* what, uint32_t mask);
  void complete_if_all_came(int warp, Meeting& meeting);
  uint32_t ended_lanes(int warp) const;
  [[noreturn]] void report_deadlock() const;

  CooperativeGrid* grid_;
  LaunchShape shape_;
  uint3 index_{};
  Turns turns_ = Turns::ascending;
  const std::function<void()>* body_ = nullptr;
  std::vector<std::byte> dynamic_shared_;

  std::vector<Thread> threads_;
  std::vector<Worker*> worker_of_;  ///< of each thread that waits
  std::deque<int> ready_;
  size_t next_ = 0, ended_ = 0;

  size_t at_barrier_ = 0;
  int votes_ = 0, votes_of_last_barrier_ = 0;
  std::vector<std::vector<std::unique_ptr<Meeting>>> meetings_;  ///< of each warp

  std::exception_ptr error_;
  Worker* running_ = nullptr;
  std::vector<Worker*> idle_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// The thread whose code runs now. Outside a kernel there is none.
inline constinit thread_local Thread* current_thread = nullptr;
inline Thread& this_thread() { return *current_thread; }

}  // namespace simt
