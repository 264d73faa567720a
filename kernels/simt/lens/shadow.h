#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/simt/emulator/watcher.h"

namespace simt {

/// A thread at some point of its way: what it does there comes after what another did if a barrier lies between.
struct Moment {
  int64_t block = -1;
  int thread = 0, barriers = 0, warp_barriers = 0;
  int site = -1;

  bool exists() const { return block >= 0; }
};

/// Whether two accesses cannot overlap in time: one thread's own, or with a barrier of the block or the warp between.
bool ordered(const Moment& a, const Moment& b);

/// What one access tells of the past of its bytes.
struct Verdict {
  int races_with = -1;         ///< the site of an access that it may overlap with, one of them a write
  bool uninitialised = false;  ///< reads what nobody wrote
};

/// Remembers of each word of a piece of memory who wrote and who read it. Pages that nobody touched take no room.
class Shadow {
 public:
  Shadow(size_t bytes, bool initialised)
      : bytes_(bytes),
        untouched_{.written = initialised ? all_bytes : no_bytes},
        pages_((bytes + 4 * page_words - 1) / (4 * page_words)) {}

  /// The host writes.
  void written(size_t offset, size_t bytes);
  /// Who accessed what is forgotten, not what has been written: launches come one after the other.
  void begin_launch();
  Verdict accessed(size_t offset, size_t bytes, Access access, const Moment& now);

 private:
  static constexpr uint8_t all_bytes = 0xf, no_bytes = 0;
  struct Word {
    Moment writer, reader, other_reader;  ///< the last of each; the readers are of two threads
    uint8_t written = no_bytes, writer_bytes = no_bytes;
    bool atomic = false;  ///< the last write was
  };
  static constexpr size_t page_words = 1024;
  using Page = std::array<Word, page_words>;

  Word& word(size_t number);
  static void read(Word& word, const Moment& now);
  static int race(const Word& word, uint8_t bytes, Access access, const Moment& now);

  size_t bytes_;
  Word untouched_;
  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace simt
