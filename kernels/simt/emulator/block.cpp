#include "kernels/simt/emulator/block.h"

#include <algorithm>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <map>

namespace simt {
namespace {

constexpr size_t stack_bytes = 128 << 10;

std::string to_string(uint3 i) {
  return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
}

uint3 index_of(size_t number, dim3 size) {
  const auto n = static_cast<unsigned>(number);
  return {n % size.x, n / size.x % size.y, n / size.x / size.y};
}

}  // namespace

std::string to_string(std::source_location where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

void Thread::finish_copies(size_t prior) {
  if (copy_groups.size() <= prior) return;
  const size_t groups = copy_groups.size() - prior, count = copy_groups[groups - 1];
  for (size_t i = 0; i < count; ++i) {
    const AsyncCopy& copy = copies[i];
    auto* to = static_cast<std::byte*>(copy.to);
    std::copy_n(static_cast<const std::byte*>(copy.from), copy.size - copy.zeros, to);  // none may come from null
    std::fill_n(to + copy.size - copy.zeros, copy.zeros, std::byte{0});
    tell(copy.to, copy.size, Access::write, copy.where);
  }
  copies.erase(copies.begin(), copies.begin() + static_cast<ptrdiff_t>(count));
  copy_groups.erase(copy_groups.begin(), copy_groups.begin() + static_cast<ptrdiff_t>(groups));
  for (size_t& end : copy_groups) end -= count;
}

void Block::run(const LaunchShape& shape, uint3 index, Turns turns, const std::function<void()>& body) {
  body_ = &body;
  turns_ = turns;
  start(shape, index);
  if (watcher) watcher->block_begins(*this);
  schedule();
  current_thread = nullptr;
  if (watcher) watcher->block_ends();
  if (!error_) return;
  workers_.clear();  // unwinds the threads that wait
  idle_.clear();
  std::rethrow_exception(std::exchange(error_, nullptr));
}

void Block::start(const LaunchShape& shape, uint3 index) {
  shape_ = shape;
  index_ = index;
  const size_t count = size_t{shape.block.x} * shape.block.y * shape.block.z;
  threads_.resize(count);
  for (size_t i = 0; i < count; ++i)
    threads_[i] = {.index = index_of(i, shape.block), .number = static_cast<int>(i), .block = this};
  worker_of_.assign(count, nullptr);
  ready_.clear();
  next_ = ended_ = at_barrier_ = 0;
  votes_ = 0;
  meetings_.resize((count + warp_size - 1) / warp_size);
  for (auto& of_warp : meetings_) of_warp.clear();
  // Nothing may be assumed of shared memory: each block finds the same odd bytes there (as floats, NaN).
  dynamic_shared_.assign(shape.shared_bytes, std::byte{0xff});
}

void Block::schedule() {
  while (!error_ && ended_ < threads_.size()) {
    if (!ready_.empty()) {
      resume(*worker_of_[next_ready()]);
    } else if (next_ < threads_.size()) {
      resume(idle_worker());
    } else {
      try {
        report_deadlock();
      } catch (...) {
        error_ = std::current_exception();
      }
    }
  }
}

int Block::next_thread() {
  const auto turn = static_cast<int>(next_++), last = static_cast<int>(threads_.size()) - 1;
  return turns_ == Turns::ascending ? turn : last - turn;
}

int Block::next_ready() {
  const bool first = turns_ == Turns::ascending;
  const int number = first ? ready_.front() : ready_.back();
  if (first) {
    ready_.pop_front();
  } else {
    ready_.pop_back();
  }
  return number;
}

Block::Worker::~Worker() {
  const StackSwitch there(own_stack);
  own = {};
}

void Block::Worker::resume() {
  const StackSwitch there(own_stack);
  own = std::move(own).resume();
}

void Block::Worker::wait() {
  const StackSwitch there(scheduler_stack);
  scheduler = std::move(scheduler).resume();
}

void Block::resume(Worker& worker) {
  running_ = &worker;
  worker.resume();
}

Block::Worker& Block::idle_worker() {
  if (idle_.empty()) return *workers_.emplace_back(new_worker());
  Worker& worker = *idle_.back();
  idle_.pop_back();
  return worker;
}

std::unique_ptr<Block::Worker> Block::new_worker() {
  auto made = std::make_unique<Worker>();
  Worker& worker = *made;
  boost::context::protected_fixedsize_stack memory(stack_bytes);
  const boost::context::stack_context stack = memory.allocate();
  worker.own_stack = {static_cast<std::byte*>(stack.sp) - stack.size, stack.size};
  worker.own = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                     memory, [this, &worker](boost::context::fiber&& scheduler) {
                                       const StackLife life(worker.scheduler_stack);
                                       worker.scheduler = std::move(scheduler);
                                       work(worker);
                                       return std::move(worker.scheduler);
                                     });
  return made;
}

void Block::work(Worker& worker) {
  for (;;) {
    while (!error_ && next_ < threads_.size()) run_thread(next_thread());
    idle_.push_back(&worker);
    worker.wait();
  }
}

void Block::run_thread(int number) {
  Thread& thread = threads_[number];
  current_thread = &thread;
  try {
    (*body_)();
  } catch (const boost::context::detail::forced_unwind&) {
    throw;
  } catch (...) {
    if (!error_) error_ = std::current_exception();
  }
  end_thread(thread);
}

void Block::end_thread(Thread& thread) {
  thread.ended = true;
  ++ended_;
  for (auto& meeting : meetings_[thread.warp()])
    if (!meeting->complete) complete_if_all_came(thread.warp(), *meeting);
}

void Block::wait(const char* what, std::source_location where) {
  Thread& thread = this_thread();
  thread.waits_for = what;
  thread.where = where;
  Worker& worker = *running_;
  worker_of_[thread.number] = &worker;
  worker.wait();
  thread.waits_for = nullptr;
  current_thread = &thread;
}

void Block::wake(int number) { ready_.push_back(number); }

int Block::barrier(const char* what, bool predicate, std::source_location where) {
  votes_ += predicate;
  ++this_thread().barriers;
  if (++at_barrier_ < threads_.size()) {
    wait(what, where);
    return votes_of_last_barrier_;
  }
  at_barrier_ = 0;
  votes_of_last_barrier_ = std::exchange(votes_, 0);
  const Thread& last = this_thread();
  for (Thread& thread : threads_) {
    if (&thread == &last) continue;
    if (thread.where.line() != where.line() || thread.waits_for != std::string_view(what))
      fail(std::string(what) + " is not the same for all threads of the block: thread " +
               std::to_string(thread.number) + " waits for " + thread.waits_for + " at " + to_string(thread.where),
           where);
    wake(thread.number);
  }
  return votes_of_last_barrier_;
}

Meeting& Block::meeting_of(const char* what, uint32_t mask) {
  const Thread& thread = this_thread();
  auto& of_warp = meetings_[thread.warp()];
  for (auto& meeting : of_warp)
    if (!meeting->complete && meeting->mask == mask && meeting->what == std::string_view(what)) return *meeting;
  return *of_warp.emplace_back(std::make_unique<Meeting>(Meeting{.what = what, .mask = mask}));
}

Meeting& Block::meet(const char* what, uint32_t mask, uint64_t value, std::source_location where) {
  const Thread& thread = this_thread();
  const uint32_t bit = 1U << thread.lane();
  if (!(mask & bit)) fail(std::string(what) + " is called by a lane that its mask does not name", where);
  Meeting& meeting = meeting_of(what, mask);
  meeting.values[thread.lane()] = value;
  meeting.came |= bit;
  complete_if_all_came(thread.warp(), meeting);
  if (!meeting.complete) wait(what, where);
  return meeting;
}

// Lanes that have ended are excused (CUDA C++ Programming Guide, "Warp Shuffle Functions": all non-exited threads named
// in the mask must execute the same intrinsic with the same mask).
void Block::complete_if_all_came(int warp, Meeting& meeting) {
  if ((meeting.mask & ~ended_lanes(warp)) & ~meeting.came) return;
  meeting.complete = true;
  meeting.to_leave = meeting.came;
  for (int lane = 0; lane < warp_size; ++lane)
    if ((meeting.came >> lane & 1) && threads_[warp * warp_size + lane].waits_for) wake(warp * warp_size + lane);
}

void Block::leave(Meeting& meeting) {
  const Thread& thread = this_thread();
  meeting.to_leave &= ~(1U << thread.lane());
  if (meeting.to_leave) return;
  auto& of_warp = meetings_[thread.warp()];
  std::erase_if(of_warp, [&](const auto& other) { return other.get() == &meeting; });
}

// Lanes beyond the block's last thread count as ended.
uint32_t Block::ended_lanes(int warp) const {
  uint32_t ended = 0;
  for (int lane = 0; lane < warp_size; ++lane) {
    const size_t number = static_cast<size_t>(warp) * warp_size + lane;
    if (number >= threads_.size() || threads_[number].ended) ended |= 1U << lane;
  }
  return ended;
}

void Block::fail(const std::string& what, std::source_location where) const {
  throw KernelError(to_string(where) + ": block " + to_string(index_) + ", thread " + to_string(this_thread().index) +
                    ": " + what);
}

void Block::report_deadlock() const {
  std::map<std::string, std::vector<int>> waiting;
  for (const Thread& thread : threads_)
    if (!thread.ended)
      waiting[std::string(thread.waits_for) + " at " + to_string(thread.where)].push_back(thread.number);
  std::string text = "block " + to_string(index_) + ": threads wait for others that do not come: ";
  for (const auto& [what, numbers] : waiting)
    text += std::to_string(numbers.size()) + " wait for " + what + " (the first is thread " +
            std::to_string(numbers.front()) + "); ";
  throw KernelError(text + std::to_string(ended_) + " have ended");
}

}  // namespace simt
