#include "kernels/simt/lens/shadow.h"

#include <algorithm>

#include "kernels/simt/emulator/block.h"

namespace simt {
namespace {

// The bytes of a word, given its number, that lie in [offset, offset + bytes).
uint8_t bytes_within(size_t word, size_t offset, size_t bytes) {
  const size_t from = std::max(offset, word * 4) - word * 4, to = std::min(offset + bytes, word * 4 + 4) - word * 4;
  return static_cast<uint8_t>((1U << to) - (1U << from));
}

}  // namespace

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

void Shadow::written(size_t offset, size_t bytes) {
  if (bytes >= bytes_) return void(*this = Shadow(bytes_, true));
  for (size_t number = offset / 4; number * 4 < offset + bytes; ++number)
    word(number).written |= bytes_within(number, offset, bytes);
}

void Shadow::begin_launch() {
  for (const auto& page : pages_)
    if (page)
      for (Word& word : *page) word = {.written = word.written};
}

Verdict Shadow::accessed(size_t offset, size_t bytes, Access access, const Moment& now) {
  Verdict verdict;
  for (size_t first = offset / 4; first * 4 < offset + bytes; ++first) {
    Word& word = this->word(first);
    const uint8_t mask = bytes_within(first, offset, bytes);
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
