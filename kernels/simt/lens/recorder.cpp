#include "kernels/simt/lens/recorder.h"

#include <algorithm>
#include <bit>

namespace simt {
namespace {

constexpr uintptr_t stack_reach = 256 << 10;  // more than a fiber's stack

uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }

std::string to_string(uint3 i) {
  return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
}

bool holds(uintptr_t first, size_t bytes, uintptr_t address) { return address - first < bytes; }

bool on_stack(uintptr_t address) {
  const uintptr_t here = number(__builtin_frame_address(0));
  return std::max(here, address) - std::min(here, address) < stack_reach;
}

// The emulator and what is not ours read memory of their own.
bool is_of_a_kernel(const SourceLine& where) {
  return where.file.starts_with(CONVLENS_SOURCE_DIR) && where.file.find("/kernels/simt/") == std::string::npos;
}

void add(Traffic& to, const Traffic& from) {
  to.requests += from.requests;
  to.lanes += from.lanes;
  to.bytes += from.bytes;
  to.transactions += from.transactions;
  to.fewest_transactions += from.fewest_transactions;
  to.ways = std::max(to.ways, from.ways);
}

Traffic traffic_of(const Request& request, Space space) {
  const int lanes = std::popcount(request.lanes);
  Traffic t{.requests = 1, .lanes = lanes, .bytes = static_cast<int64_t>(request.bytes) * lanes};
  if (space == Space::shared) {
    const Wavefronts w = wavefronts(request);
    t.transactions = w.taken;
    t.fewest_transactions = w.fewest;
    t.ways = w.ways;
  } else {
    t.transactions = static_cast<int64_t>(sectors(request).size());
    t.fewest_transactions = fewest_sectors(request);
  }
  return t;
}

}  // namespace

Recorder::Recorder() : shared_variables_(symbols_.shared_variables()) { watcher = this; }
Recorder::~Recorder() { watcher = nullptr; }

void Recorder::memory(const std::string& name, const void* address, size_t bytes) {
  global_.insert_or_assign(number(address), Region{name, Space::global, bytes, Shadow(bytes, true)});
}

void Recorder::allocated(const void* address, size_t bytes) {
  const std::string name = "a buffer of " + std::to_string(bytes) + " bytes";
  global_.insert_or_assign(number(address), Region{name, Space::global, bytes, Shadow(bytes, false)});
}

void Recorder::written(const void* address, size_t bytes) {
  if (auto* region = region_of(number(address), bytes))
    region->second.shadow.written(number(address) - region->first, bytes);
}

void Recorder::freed(const void* address) { global_.erase(number(address)); }

void Recorder::launch_begins(const LaunchShape& shape, const void* kernel, std::span<const KernelArgument>) {
  present_ = {.kernel = symbols_.function(kernel),
              .file = symbols_.compiled_file(kernel),
              .shape = shape,
              .blocks = int64_t{shape.grid.x} * shape.grid.y * shape.grid.z};
  traffic_.assign(sites_.size(), {});
  findings_.clear();
  touched_shared_.clear();
  loads_ = stores_ = {};
  for (auto& [address, region] : global_) {
    region.shadow.begin_launch();
    region.loads_of_blocks = region.stores_of_blocks = 0;
  }
}

void Recorder::block_begins(Block& block) {
  block_ = &block;
  ++block_number_;
  ++present_.blocks_run;
  barriers_ = 0;
  shared_.clear();
  const auto add = [&](const std::string& name, const std::byte* address, size_t bytes) {
    if (bytes) shared_.emplace(number(address), Region{name, Space::shared, bytes, Shadow(bytes, false)});
  };
  add("dynamic shared memory", block.dynamic_shared(), block.shape().shared_bytes);
  for (const SharedVariable& v : shared_variables_)
    if (!is_emulators(number(v.address))) add(v.name, v.address, v.bytes);
  const size_t threads = block.threads().size();
  warps_.resize((threads + warp_size - 1) / warp_size);
  code_of_.assign(threads, 0);
}

bool Recorder::is_emulators(uintptr_t address) const {
  return holds(number(block_), sizeof *block_, address) || address == number(&current_thread) ||
         holds(number(block_->threads().data()), block_->threads().size_bytes(), address);
}

int Recorder::number_of(const Site& site) {
  if (!site.code) return new_or_known(site);
  const auto [found, is_new] = instruction_numbers_.try_emplace(site.code, 0);
  if (is_new) found->second = new_or_known(site);
  return found->second;
}

int Recorder::new_or_known(const Site& site) {
  const auto [found, is_new] = site_numbers_.emplace(site, static_cast<int>(sites_.size()));
  if (is_new) {
    sites_.push_back(site);
    traffic_.emplace_back();
  }
  return found->second;
}

std::pair<const uintptr_t, Recorder::Region>* Recorder::region_of(uintptr_t address, size_t bytes) {
  for (Regions* regions : {&shared_, &global_}) {
    auto after = regions->upper_bound(address);
    if (after == regions->begin()) continue;
    auto& found = *--after;
    if (holds(found.first, found.second.bytes, address) && address + bytes <= found.first + found.second.bytes)
      return &found;
  }
  return nullptr;
}

void Recorder::accessed(const void* pointer, size_t bytes, Access access, const Site& site) {
  const uintptr_t address = number(pointer);
  if (!block_ || is_emulators(address)) return;
  auto* region = region_of(address, bytes);
  if (!region && on_stack(address)) return;
  const int s = number_of(site);
  if (!region) return found(Finding::Kind::out_of_bounds, s, -1, address);
  const Thread& thread = this_thread();
  const Moment now{block_number_, thread.number, thread.barriers, thread.warp_barriers, s};
  const Verdict verdict = region->second.shadow.accessed(address - region->first, bytes, access, now);
  if (verdict.races_with >= 0) found(Finding::Kind::race, s, verdict.races_with, address);
  if (verdict.uninitialised) found(Finding::Kind::uninitialised, s, -1, address);
  if (region->second.space == Space::shared && touched_shared_.insert(region->first).second &&
      address - number(block_->dynamic_shared()) >= block_->shape().shared_bytes)
    present_.static_shared_bytes += region->second.bytes;
  // A primitive that spoke for itself stands where the thread last was.
  const uintptr_t code = site.code ? number(site.code) : code_of_[thread.number];
  add_step({code, thread.calls, s, access, static_cast<uint32_t>(bytes), address});
}

void Recorder::stepped(const void* code) {
  if (block_) add_step({.code = number(code), .calls = this_thread().calls});
}

void Recorder::add_step(const Step& step) {
  const Thread& thread = this_thread();
  if (thread.barriers > barriers_) {  // all others have come to that barrier too
    finish_requests();
    barriers_ = thread.barriers;
  }
  code_of_[thread.number] = step.code;
  warps_[thread.warp()].add(thread.lane(), step);
}

void Recorder::finish_requests() {
  for (WarpTrace& warp : warps_) warp.finish([&](int site, const Request& request) { count(site, request); });
}

void Recorder::count(int site, const Request& request) {
  const uintptr_t first = request.addresses[std::countr_zero(request.lanes)];
  const Space space = region_of(first, request.bytes)->second.space;
  add(traffic_[site].of[{space, request.access}], traffic_of(request, space));
  if (space == Space::shared) return;
  for (const uintptr_t sector : sectors(request)) {
    if (request.access != Access::write) loads_.of_block.push_back(sector);
    if (request.access != Access::read) stores_.of_block.push_back(sector);
  }
}

void Recorder::count_block_sectors(Sectors& sectors, Volume& volume, int64_t Region::*of_blocks) {
  constexpr auto bytes = static_cast<int64_t>(sector_bytes);
  volume.moved += static_cast<int64_t>(sectors.of_block.size()) * bytes;
  std::ranges::sort(sectors.of_block);
  const auto rest = std::ranges::unique(sectors.of_block);
  sectors.of_block.erase(rest.begin(), rest.end());
  volume.fewest_of_blocks += static_cast<int64_t>(sectors.of_block.size()) * bytes;
  sectors.of_launch.insert(sectors.of_block.begin(), sectors.of_block.end());
  volume.fewest = static_cast<int64_t>(sectors.of_launch.size()) * bytes;
  for (auto& [address, region] : global_) {
    const auto first = std::ranges::lower_bound(sectors.of_block, address / sector_bytes);
    const auto last =
        std::ranges::lower_bound(sectors.of_block, (address + region.bytes + sector_bytes - 1) / sector_bytes);
    region.*of_blocks += (last - first) * bytes;
  }
  sectors.of_block.clear();
}

void Recorder::block_ends() {
  finish_requests();
  count_block_sectors(loads_, present_.loads, &Region::loads_of_blocks);
  count_block_sectors(stores_, present_.stores, &Region::stores_of_blocks);
  block_ = nullptr;
}

void Recorder::launch_ends() {
  present_.buffers = touched_buffers();
  present_.lines = merged_lines();
  present_.findings = merged_findings();
  launches_.push_back(present_);
}

void Recorder::found(Finding::Kind kind, int site, int other, uintptr_t address) {
  Finding& finding = findings_[{kind, site, other}];
  if (finding.count++ == 0) finding.example = place(address);
  finding.kind = kind;
}

std::string Recorder::place(uintptr_t address) const {
  std::string text = "block " + to_string(block_->index()) + ", thread " + to_string(this_thread().index);
  for (const Regions* regions : {&shared_, &global_}) {
    auto after = regions->upper_bound(address);
    if (after == regions->begin()) continue;
    const auto& [first, region] = *--after;
    if (address - first < region.bytes + 4096)
      return text + ", byte " + std::to_string(address - first) + " of " + region.name + " (" +
             std::to_string(region.bytes) + " bytes)";
  }
  return text + ", an address in no memory of the kernel's";
}

std::vector<BufferTraffic> Recorder::touched_buffers() const {
  std::vector<BufferTraffic> list;
  for (const auto& [address, region] : global_)
    if (region.loads_of_blocks + region.stores_of_blocks > 0)
      list.push_back({region.bytes, region.loads_of_blocks, region.stores_of_blocks});
  return list;
}

std::vector<LineTraffic> Recorder::merged_lines() const {
  std::map<std::tuple<SourceLine, Space, Access>, Traffic> merged;
  for (size_t site = 0; site < traffic_.size(); ++site)
    for (const auto& [kind, traffic] : traffic_[site].of)
      add(merged[{symbols_.line(sites_[site]), kind.first, kind.second}], traffic);
  std::vector<LineTraffic> lines;
  for (const auto& [key, traffic] : merged)
    lines.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), traffic});
  return lines;
}

std::vector<Finding> Recorder::merged_findings() const {
  std::map<std::tuple<Finding::Kind, SourceLine, SourceLine>, Finding> merged;
  for (const auto& [key, found] : findings_) {
    Finding finding = found;
    finding.where = symbols_.line(sites_[key.site]);
    if (key.other >= 0) finding.other = symbols_.line(sites_[key.other]);
    if (!is_of_a_kernel(finding.where)) continue;
    const auto [at, is_new] = merged.try_emplace({finding.kind, finding.where, finding.other}, finding);
    if (!is_new) at->second.count += finding.count;
  }
  std::vector<Finding> list;
  for (const auto& [key, finding] : merged) list.push_back(finding);
  return list;
}

}  // namespace simt
