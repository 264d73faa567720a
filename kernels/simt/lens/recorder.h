#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernels/simt/lens/program_symbols.h"
#include "kernels/simt/lens/shadow.h"
#include "kernels/simt/lens/warp_trace.h"

namespace simt {

enum class Space { global, shared };

/// What one line of source did to one kind of memory. Transactions are 32-byte sectors (global) or wavefronts (shared).
struct Traffic {
  int64_t requests = 0;  ///< of warps
  int64_t lanes = 0;     ///< that took part in them; fewer than 32 a request: divergence, or the grid's end
  int64_t bytes = 0;     ///< that the lanes asked for
  int64_t transactions = 0, fewest_transactions = 0;
  int ways = 0;  ///< the worst bank conflict (shared)
};

struct LineTraffic {
  SourceLine where;
  Space space;
  Access access;
  Traffic traffic;
};

/// Bytes of sectors of global memory: that the requests of warps ask the caches for; that they would be if each block
/// had asked for each of its sectors once; and that all blocks together touch, which DRAM has to give.
struct Volume {
  int64_t moved = 0, fewest_of_blocks = 0, fewest = 0;
};

/// A buffer of global memory, and the bytes of its sectors that blocks load and store, each counted once a block.
struct BufferTraffic {
  size_t bytes;
  int64_t loads_of_blocks = 0, stores_of_blocks = 0;
};

/// Something wrong. Counts accesses.
struct Finding {
  enum class Kind { race, out_of_bounds, uninitialised } kind;
  SourceLine where;
  SourceLine other;  ///< of a race: the earlier access
  int64_t count = 0;
  std::string example;  ///< the first: thread and address in words
};

/// What a launch did; of its grid, the blocks that were run (emulator/sample.h).
struct LaunchReport {
  std::string kernel;
  std::string file;  ///< the .cu file that it was compiled from
  LaunchShape shape;
  int64_t blocks = 0, blocks_run = 0;
  size_t static_shared_bytes = 0;  ///< of the __shared__ arrays that it touched
  Volume loads, stores;
  std::vector<BufferTraffic> buffers;  ///< that it touched
  std::vector<LineTraffic> lines;
  std::vector<Finding> findings;
};

/// Watches the kernels of this program that were compiled with `-fsanitize=thread` (kernels/simt/README.md), as long as
/// it lives. What lanes do together is what warp_trace.h says.
class Recorder final : public Watcher {
 public:
  Recorder();
  ~Recorder() override;

  /// Declares memory of kernels, other than the device's own, that has been written.
  void memory(const std::string& name, const void* address, size_t bytes);

  const std::vector<LaunchReport>& launches() const { return launches_; }

  void allocated(const void* address, size_t bytes) override;
  void freed(const void* address) override;
  void written(const void* address, size_t bytes) override;
  void launch_begins(const LaunchShape& shape, const void* kernel, std::span<const KernelArgument> arguments) override;
  void block_begins(Block& block) override;
  void stepped(const void* code) override;
  void accessed(const void* address, size_t bytes, Access access, const Site& site) override;
  void block_ends() override;
  void launch_ends() override;

 private:
  struct Region {
    std::string name;
    Space space;
    size_t bytes;
    Shadow shadow;
    int64_t loads_of_blocks = 0, stores_of_blocks = 0;
  };
  struct SiteTraffic {
    std::map<std::pair<Space, Access>, Traffic> of;
  };
  struct FindingKey {
    Finding::Kind kind;
    int site, other;
    auto operator<=>(const FindingKey&) const = default;
  };
  struct Sectors {
    std::vector<uintptr_t> of_block;
    std::unordered_set<uintptr_t> of_launch;
  };
  using Regions = std::map<uintptr_t, Region>;

  int number_of(const Site& site);
  int new_or_known(const Site& site);
  std::pair<const uintptr_t, Region>* region_of(uintptr_t address, size_t bytes);
  bool is_emulators(uintptr_t address) const;
  void add_step(const Step& step);
  void finish_requests();
  void count(int site, const Request& request);
  void count_block_sectors(Sectors& sectors, Volume& volume, int64_t Region::*of_blocks);
  void found(Finding::Kind kind, int site, int other, uintptr_t address);
  std::string place(uintptr_t address) const;
  std::vector<BufferTraffic> touched_buffers() const;
  std::vector<LineTraffic> merged_lines() const;
  std::vector<Finding> merged_findings() const;

  ProgramSymbols symbols_;
  std::vector<SharedVariable> shared_variables_;
  Regions global_, shared_;
  std::map<Site, int> site_numbers_;
  std::unordered_map<const void*, int> instruction_numbers_;  ///< of the sites that are instructions
  std::vector<Site> sites_;

  Block* block_ = nullptr;
  int64_t block_number_ = 0;
  int barriers_ = 0;                ///< that the present steps come after
  std::vector<WarpTrace> warps_;    ///< of the block
  std::vector<uintptr_t> code_of_;  ///< of each thread, the last step

  LaunchReport present_;
  std::set<uintptr_t> touched_shared_;
  std::vector<SiteTraffic> traffic_;  ///< [site]
  std::map<FindingKey, Finding> findings_;
  Sectors loads_, stores_;
  std::vector<LaunchReport> launches_;
};

}  // namespace simt
