#pragma once

#include <cstdint>
#include <span>

namespace convlens::viz {

/// What processes that work together can tell each other. All call the same function at the same time, and each waits
/// for the others.
class Communicator {
 public:
  Communicator() = default;
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;  ///< of this process: 0, 1, ...
  virtual int size() const = 0;  ///< processes

  virtual void all_reduce_sum(std::span<float> values) = 0;  ///< element by element; the same bits in all
  virtual void all_reduce_sum(std::span<double> values) = 0;
  virtual int64_t all_reduce_min(int64_t value) = 0;
  virtual void broadcast(std::span<char> bytes, int from) = 0;  ///< those of the process `from`, to all
};

}  // namespace convlens::viz
