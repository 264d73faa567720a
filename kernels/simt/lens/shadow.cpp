#include "kernels/simt/lens/shadow.h"

#include <algorithm>

#include "kernels/simt/emulator/block.h"

namespace simt {

bool ordered(const Moment& a, const Moment& b) {
  if (a.block != b.block) return false;
  if (a.thread == b.thread || a.barriers != b.barriers) return true;
  return a.thread / warp_size == b.thread / warp_size && a.warp_barriers != b.warp_barriers;
}

Shadow::Word& Shadow::word(size_t number) {
  auto& page = pages_[number / page_words];
  if (!page) {
    page = std::make_unique<Page>();
    page->fill(untouched_);
  }
  return (*page)[number % page_words];
}

int Shadow::race(const Word& word, uint8_t bytes, Access access, const Moment& now) {
  const auto overlaps = [&](const Moment& other) { return other.exists() && !ordered(other, now); };
  const bool both_atomic = word.atomic && access == Access::atomic;
  if (!both_atomic && (word.writer_bytes & bytes) && overlaps(word.writer)) return word.writer.site;
  if (access == Access::read) return -1;
  for (const Moment* reader : {&word.reader, &word.other_reader})
    if (overlaps(*reader)) return reader->site;
  return -1;
}

void Shadow::read(Word& word, const Moment& now) {
  const bool same = word.reader.block == now.block && word.reader.thread == now.thread;
  if (!same) word.other_reader = word.reader;
  word.reader = now;
}

Verdict Shadow::accessed(size_t offset, size_t bytes, Access access, const Moment& now) {
  Verdict verdict;
  for (size_t first = offset / 4; first * 4 < offset + bytes; ++first) {
    Word& word = this->word(first);
    const size_t from = std::max(offset, first * 4) - first * 4,
                 to = std::min(offset + bytes, first * 4 + 4) - first * 4;
    const auto mask = static_cast<uint8_t>((1U << to) - (1U << from));
    if (verdict.races_with < 0) verdict.races_with = race(word, mask, access, now);
    if (access != Access::write && (word.written & mask) != mask) verdict.uninitialised = true;
    if (access == Access::read) read(word, now);
    if (access == Access::read) continue;
    const bool same = word.writer.block == now.block && word.writer.thread == now.thread;
    word.writer_bytes = static_cast<uint8_t>(same ? word.writer_bytes | mask : mask);
    word.writer = now;
    word.written |= mask;
    word.atomic = access == Access::atomic;
  }
  return verdict;
}

}  // namespace simt
