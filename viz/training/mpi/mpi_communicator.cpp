// libconvlens_mpi: processes that mpirun started (viz/training/process_group.cpp loads it). MPI ends a program at an
// error of its own, with a message.

#include <mpi.h>

#include <memory>

#include "viz/training/communicator.h"

namespace convlens::viz {
namespace {

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  }
  ~MpiCommunicator() override { MPI_Finalize(); }

  int rank() const override {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
  }
  int size() const override {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
  }

  void all_reduce_sum(std::span<float> values) override { all_reduce(values, MPI_FLOAT, MPI_SUM); }
  void all_reduce_sum(std::span<double> values) override { all_reduce(values, MPI_DOUBLE, MPI_SUM); }
  int64_t all_reduce_min(int64_t value) override {
    all_reduce(std::span(&value, 1), MPI_INT64_T, MPI_MIN);
    return value;
  }
  void broadcast(std::span<char> bytes, int from) override {
    in_pieces(bytes, [&](std::span<char> piece) {
      MPI_Bcast(piece.data(), static_cast<int>(piece.size()), MPI_CHAR, from, MPI_COMM_WORLD);
    });
  }

 private:
  template <class Number>
  static void all_reduce(std::span<Number> values, MPI_Datatype type, MPI_Op operation) {
    in_pieces(values, [&](std::span<Number> piece) {
      MPI_Allreduce(MPI_IN_PLACE, piece.data(), static_cast<int>(piece.size()), type, operation, MPI_COMM_WORLD);
    });
  }

  // MPI 3 counts elements by int.
  template <class Number>
  static void in_pieces(std::span<Number> values, const auto& act) {
    constexpr size_t most = size_t{1} << 30;
    for (; values.size() > most; values = values.subspan(most)) act(values.first(most));
    act(values);
  }
};

}  // namespace
}  // namespace convlens::viz

extern "C" convlens::viz::Communicator* convlens_mpi_communicator() {
  return std::make_unique<convlens::viz::MpiCommunicator>().release();
}
