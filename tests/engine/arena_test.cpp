#include "engine/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace convlens {
namespace {

bool overlap(const Lifetime& a, const Lifetime& b) {
  const bool in_time = a.first <= b.last && b.first <= a.last;
  const bool in_space = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return in_time && in_space;
}

TEST(Arena, PiecesAliveTogetherDoNotOverlap) {
  std::mt19937 random(3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::vector<Lifetime> pieces(60);
    for (Lifetime& piece : pieces) {
      piece.bytes = random() % 5000;
      piece.first = static_cast<int>(random() % 40);
      piece.last = piece.first + static_cast<int>(random() % 8);
    }
    const size_t total = place(pieces);
    for (size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_EQ(pieces[i].offset % 64, 0U);
      EXPECT_LE(pieces[i].offset + pieces[i].bytes, total);
      for (size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(pieces[i], pieces[j])) << i << " and " << j;
    }
  }
}

TEST(Arena, MemoryIsUsedAgain) {
  std::vector<Lifetime> pieces{{.bytes = 640, .first = 0, .last = 1},
                               {.bytes = 640, .first = 1, .last = 2},
                               {.bytes = 640, .first = 2, .last = 3},
                               {.bytes = 640, .first = 3, .last = 4}};
  EXPECT_EQ(place(pieces), 1280U);
}

}  // namespace
}  // namespace convlens
