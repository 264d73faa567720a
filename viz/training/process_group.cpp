#include "viz/training/process_group.h"

#include <dlfcn.h>

#include <cstdlib>
#include <limits>
#include <memory>

#include "kernels/base/error.h"

namespace convlens::viz {
namespace {

constexpr int64_t none = std::numeric_limits<int64_t>::max();  // has failed

// How many processes a launcher says that it started: that of Open MPI, or those that speak PMI (MPICH, Intel MPI).
int processes_started() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* size = std::getenv(variable)) return std::atoi(size);
  return 1;
}

// MPI is in a library of its own (viz/training/mpi), so that viz_run starts without it, and where it is not installed.
std::unique_ptr<Communicator> other_processes() {
  if (processes_started() < 2) return nullptr;
  void* library = dlopen("libconvlens_mpi.so", RTLD_NOW);
  if (!library)
    throw InputError(
        "to train in several processes it needs libconvlens_mpi, which is built where MPI is found, and "
        "which cannot be loaded (" +
        std::string(dlerror()) + ")");
  using MakeCommunicator = Communicator* (*)();
  const auto make = reinterpret_cast<MakeCommunicator>(dlsym(library, "convlens_mpi_communicator"));
  return std::unique_ptr<Communicator>(make());
}

}  // namespace

int64_t ProcessGroup::share_of(int64_t batch) const {
  if (batch % size() != 0)
    throw InputError("the key 'batch' must be a multiple of the number of processes, " + std::to_string(size()) +
                     ", found " + std::to_string(batch));
  return batch / size();
}

void ProcessGroup::meet() {
  if (others_ && others_->all_reduce_min(none) != none) throw AnotherFailed();
}

bool ProcessGroup::is_first_to_fail() { return !others_ || others_->all_reduce_min(rank()) == rank(); }

template <class Number>
void ProcessGroup::mean(std::span<Number> values) {
  meet();
  if (!others_) return;
  others_->all_reduce_sum(values);
  for (Number& value : values) value /= static_cast<Number>(size());
}

template void ProcessGroup::mean(std::span<float>);
template void ProcessGroup::mean(std::span<double>);

int64_t ProcessGroup::all_reduce_max(int64_t value) {
  meet();
  return others_ ? -others_->all_reduce_min(-value) : value;
}

std::string ProcessGroup::broadcast(std::string text, int from) {
  meet();
  if (!others_) return text;
  auto length = std::ssize(text);
  others_->broadcast({reinterpret_cast<char*>(&length), sizeof length}, from);
  text.resize(static_cast<size_t>(length));
  others_->broadcast(text, from);
  return text;
}

std::vector<std::string> ProcessGroup::all_gather(const std::string& text) {
  std::vector<std::string> texts;
  for (int from = 0; from < size(); ++from) texts.push_back(broadcast(text, from));
  return texts;
}

void in_process_group(const std::function<void(ProcessGroup&)>& work) {
  // Until the program ends, when main() has said what there is to say: MPI's end waits for mpirun, which answers no
  // more once it is interrupted.
  static const std::unique_ptr<Communicator> others = other_processes();
  ProcessGroup group(others.get());
  try {
    work(group);
    group.meet();
  } catch (const ProcessGroup::AnotherFailed&) {
    return;
  } catch (...) {
    if (group.is_first_to_fail()) throw;
  }
}

}  // namespace convlens::viz
