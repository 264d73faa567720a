#include "viz/progress.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <iostream>

#include "viz/text.h"

namespace convlens::viz {
namespace {

constexpr double first_after = 1.0;        // seconds
constexpr double terminal_interval = 0.1;  // seconds between two pictures of the bar
constexpr double plain_interval = 5.0;     // seconds between two lines of a log
constexpr int bar_width = 24;              // characters

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

// Slow work is told in seconds for one, quick work in how many a second.
std::string rate(double units_per_second, const std::string& unit) {
  if (units_per_second < 1) return fixed(1 / units_per_second, 1) + " s/" + unit;
  return fixed(units_per_second, 1) + " " + unit + "s/s";
}

std::string bar(double fraction) {
  const int filled = static_cast<int>(fraction * bar_width);
  return "[" + std::string(filled, '#') + std::string(bar_width - filled, '-') + "]";
}

}  // namespace

ProgressDisplay standard_error_display() { return {&std::cerr, isatty(STDERR_FILENO) == 1, steady_seconds}; }
ProgressDisplay no_display() {
  return {nullptr, false, [] { return 0.0; }};
}

Progress::Progress(std::string title, std::string unit, int64_t total, ProgressDisplay display)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      display_(std::move(display)),
      start_(display_.clock()),
      last_shown_(start_ + first_after - (display_.terminal ? terminal_interval : plain_interval)) {}

Progress::~Progress() {
  if (shown_ && display_.terminal) *display_.stream << "\r\033[K" << std::flush;
}

void Progress::advance(int64_t units, const std::string& note) {
  done_ += units;
  if (!display_.stream || done_ >= total_) return;  // at the end nobody waits any more
  const double now = display_.clock();
  if (now - last_shown_ < (display_.terminal ? terminal_interval : plain_interval)) return;
  last_shown_ = now;
  shown_ = true;
  const std::string text = line(now - start_, note);
  *display_.stream << (display_.terminal ? "\r\033[K" + text : text + "\n") << std::flush;
}

std::string Progress::line(double elapsed, const std::string& note) const {
  const double speed = static_cast<double>(done_) / elapsed;
  std::string text = title_ + " ";
  if (display_.terminal) text += bar(static_cast<double>(done_) / static_cast<double>(total_)) + " ";
  text += std::to_string(done_) + "/" + std::to_string(total_) + ", " + rate(speed, unit_) + ", " +
          duration(static_cast<double>(total_ - done_) / speed) + " left";
  return note.empty() ? text : text + ", " + note;
}

}  // namespace convlens::viz
