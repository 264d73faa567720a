#include "kernels/simt/emulator/cooperative_grid.h"

#include <algorithm>
#include <map>

#include "kernels/simt/emulator/block.h"

namespace simt {

CooperativeGrid::CooperativeGrid(int blocks) : places_(blocks) {}

void CooperativeGrid::take_part(int turn, const std::function<void()>& block) {
  const std::lock_guard lock(mutex_);
  turn_changed_.wait(mutex_, [&] { return turn_ == turn; });
  try {
    block();
  } catch (...) {
    if (!error_) error_ = std::current_exception();
  }
  places_[turn].ended = true;
  pass_on();
}

void CooperativeGrid::barrier(std::source_location where) {
  const int turn = turn_;
  places_[turn].waits_at = where;
  pass_on();
  turn_changed_.wait(mutex_, [&] { return turn_ == turn; });
  if (deadlock_) throw KernelError(*deadlock_);
}

void CooperativeGrid::rethrow_error() const {
  if (error_) std::rethrow_exception(error_);
}

// A round ends when every block has come to a barrier or to its end.
void CooperativeGrid::pass_on() {
  const auto blocks = static_cast<int>(places_.size());
  turn_ = first_not_ended(turn_ + 1);
  if (turn_ == blocks) {
    turn_ = first_not_ended(0);
    if (!deadlock_) deadlock_ = deadlock();
  }
  turn_changed_.notify_all();
}

int CooperativeGrid::first_not_ended(int from) const {
  const auto found =
      std::find_if(places_.begin() + from, places_.end(), [](const Place& place) { return !place.ended; });
  return static_cast<int>(found - places_.begin());
}

// Why those that wait at the end of a round wait in vain, if they do.
std::optional<std::string> CooperativeGrid::deadlock() const {
  std::map<std::string, int> waiting;
  for (const Place& place : places_)
    if (!place.ended) ++waiting[to_string(place.waits_at)];
  const auto ended = std::ranges::count_if(places_, &Place::ended);
  if (waiting.empty() || (waiting.size() == 1 && ended == 0)) return std::nullopt;
  std::string text = "blocks of the grid wait for others that do not come: ";
  for (const auto& [where, count] : waiting)
    text += std::to_string(count) + " wait for this_grid().sync() at " + where + "; ";
  return text + std::to_string(ended) + " have ended";
}

}  // namespace simt
