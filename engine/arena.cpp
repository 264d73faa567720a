#include "engine/arena.h"

#include <algorithm>
#include <numeric>

namespace convlens {
namespace {

// The lowest gap among the pieces (ordered by offset) that overlap `piece` in time.
size_t lowest_offset(const Lifetime& piece, const std::vector<const Lifetime*>& by_offset) {
  size_t offset = 0;
  for (const Lifetime* other : by_offset) {
    if (other->last < piece.first || other->first > piece.last) continue;
    if (other->offset >= offset + aligned_size(piece.bytes)) break;
    offset = std::max(offset, other->offset + aligned_size(other->bytes));
  }
  return offset;
}

}  // namespace

size_t place(std::vector<Lifetime>& pieces) {
  std::vector<size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](size_t i) { return pieces[i].bytes; });
  std::vector<const Lifetime*> by_offset;
  size_t total = 0;
  for (const size_t i : order) {
    Lifetime& piece = pieces[i];
    if (piece.bytes == 0) continue;
    piece.offset = lowest_offset(piece, by_offset);
    total = std::max(total, piece.offset + aligned_size(piece.bytes));
    by_offset.insert(std::ranges::upper_bound(by_offset, piece.offset, {}, [](const Lifetime* p) { return p->offset; }),
                     &piece);
  }
  return total;
}

}  // namespace convlens
