#pragma once

#include <functional>
#include <string>
#include <vector>

#include "viz/training/communicator.h"

namespace convlens::viz {

/// The processes that mpirun started to train one network together, or this one alone. Each has an equal share of every
/// batch, and the first alone writes. Every function in which they meet throws where one of them has failed, so that
/// none waits for it in vain.
class ProcessGroup {
 public:
  explicit ProcessGroup(Communicator* others = nullptr) : others_(others) {}

  int rank() const { return others_ ? others_->rank() : 0; }
  int size() const { return others_ ? others_->size() : 1; }
  bool is_first() const { return rank() == 0; }

  /// Of each process. Throws InputError where they do not divide the batch.
  int64_t share_of(int64_t batch) const;

  void all_reduce_mean(std::span<float> values) { mean(values); }  ///< element by element, over the processes
  void all_reduce_mean(std::span<double> values) { mean(values); }
  int64_t all_reduce_max(int64_t value);
  std::string broadcast(std::string text, int from = 0);         ///< that of the process `from`
  std::vector<std::string> all_gather(const std::string& text);  ///< by rank

  void meet();
  /// Tells the others that this one has failed, where they meet next. False if another of lower rank has too.
  bool is_first_to_fail();

  /// Thrown where processes meet and another has failed, which says why.
  struct AnotherFailed {};

 private:
  template <class Number>
  void mean(std::span<Number> values);

  Communicator* others_;
};

/// Does the work in each process that mpirun started, or in this one alone. What it throws in one ends all, and is
/// thrown by that one only (the first, if several fail): the others return quietly, as mpirun ends all at the first
/// exit code that is not 0, before the one that failed has said why. Throws InputError if mpirun started several and
/// there is no MPI.
void in_process_group(const std::function<void(ProcessGroup&)>& work);

}  // namespace convlens::viz
