#include "kernels/simt/emulator/tensor_core.h"

#include <cstring>

namespace simt {

// Here and not in the header: a kernel that is watched asks for a row a lane, and not for what the emulator then reads.
void load_matrices(uint32_t (&registers)[4], const void* row, const MatrixPlaces& places, std::source_location where) {
  constexpr size_t row_bytes = 16;
  if (reinterpret_cast<uintptr_t>(row) % row_bytes != 0)
    this_thread().block->fail("ldmatrix needs rows that are aligned to 16 bytes", where);
  tell(row, row_bytes, Access::read, where);
  exchange(
      "ldmatrix", row,
      [&](const auto& of) {
        const auto number = [&](int matrix, int which) {
          uint16_t bits;
          const auto* at = static_cast<const std::byte*>(of(8 * matrix + places.row[which]));
          std::memcpy(&bits, at + sizeof bits * places.column[which], sizeof bits);
          return uint32_t{bits};
        };
        for (int i = 0; i < 4; ++i) registers[i] = number(i, 0) | number(i, 1) << 16;
      },
      where);
}

}  // namespace simt
