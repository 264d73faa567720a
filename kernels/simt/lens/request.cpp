#include "kernels/simt/lens/request.h"

#include <algorithm>

namespace simt {
namespace {

constexpr uintptr_t bank_bytes = 4, banks = 32;

void sort_unique(std::vector<uintptr_t>& list) {
  std::ranges::sort(list);
  list.erase(std::ranges::unique(list).begin(), list.end());
}

// The units of `unit` bytes that lanes [first, last) touch, each once.
std::vector<uintptr_t> units(const Request& request, uintptr_t unit, int first = 0, int last = warp_size) {
  std::vector<uintptr_t> list;
  for (int lane = first; lane < last; ++lane)
    if (request.lanes >> lane & 1)
      for (uintptr_t u = request.addresses[lane] / unit; u <= (request.addresses[lane] + request.bytes - 1) / unit; ++u)
        list.push_back(u);
  sort_unique(list);
  return list;
}

}  // namespace

std::vector<uintptr_t> sectors(const Request& request) { return units(request, sector_bytes); }

int64_t fewest_sectors(const Request& request) {
  return static_cast<int64_t>((units(request, 1).size() + sector_bytes - 1) / sector_bytes);
}

Wavefronts wavefronts(const Request& request) {
  const int lanes_at_once = request.bytes <= 4 ? 32 : request.bytes <= 8 ? 16 : 8;
  Wavefronts w;
  for (int first = 0; first < warp_size; first += lanes_at_once) {
    std::array<int, banks> words{};
    for (const uintptr_t word : units(request, bank_bytes, first, first + lanes_at_once)) ++words[word % banks];
    const int passes = *std::ranges::max_element(words);
    w.taken += passes;
    w.fewest += passes > 0;
    w.ways = std::max(w.ways, passes);
  }
  return w;
}

}  // namespace simt
