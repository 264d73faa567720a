#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

namespace convlens::viz {

/// Where progress is shown, and how.
struct ProgressDisplay {
  std::ostream* stream;  ///< null: nowhere
  bool terminal;         ///< one line that is written over; otherwise a plain line now and then
  /// Seconds from any fixed moment on.
  std::function<double()> clock;
};

/// Standard error, as a terminal if it is one.
ProgressDisplay standard_error_display();
ProgressDisplay no_display();

/// How far a long work is: a bar, the rate and the time left. Nothing is shown of a work that ends within a second.
class Progress {
 public:
  /// `total` units of work, of which `unit` names one ("image", "step").
  Progress(std::string title, std::string unit, int64_t total, ProgressDisplay display);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// So many units more are done; `note` is shown at the end of the line, e.g. the current loss.
  void advance(int64_t units = 1, const std::string& note = "");

 private:
  std::string line(double elapsed, const std::string& note) const;

  std::string title_, unit_;
  int64_t total_, done_ = 0;
  ProgressDisplay display_;
  double start_, last_shown_;
  bool shown_ = false;
};

}  // namespace convlens::viz
