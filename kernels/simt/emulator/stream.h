#pragma once

#include <chrono>
#include <optional>

namespace simt {

class Event;

/// A stream of the emulator. A launch has ended when it returns, so that streams run in the order of the program: one
/// of the orders that a GPU may take, in which there is never anything to wait for.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  void wait(const Event&) const {}
  void synchronize() const {}
};

/// A place in a stream.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(const Stream& stream);
  void synchronize() const {}
  float milliseconds_since(const Event& earlier) const;  ///< throws KernelError if one of the two was never recorded

 private:
  std::optional<std::chrono::steady_clock::time_point> reached_;
};

}  // namespace simt
