#include "kernels/simt/lens/report.h"

#include <fstream>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace simt {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* space_names[] = {"global", "shared"};
constexpr const char* access_names[] = {"load", "store", "atomic"};
constexpr const char* kind_names[] = {"race", "out of bounds", "uninitialised read"};

std::string name(Space space) { return space_names[static_cast<int>(space)]; }
std::string name(Access access) { return access_names[static_cast<int>(access)]; }
std::string name(Finding::Kind kind) { return kind_names[static_cast<int>(kind)]; }

std::string in_repository(const std::string& file) {
  const std::string root = std::string(CONVLENS_SOURCE_DIR) + "/";
  return file.starts_with(root) ? file.substr(root.size()) : file;
}

std::string to_string(const SourceLine& where) { return in_repository(where.file) + ":" + std::to_string(where.line); }

Json to_json(dim3 size) { return {size.x, size.y, size.z}; }
std::string to_string(dim3 size) {
  return std::to_string(size.x) + " x " + std::to_string(size.y) + " x " + std::to_string(size.z);
}

Json to_json(const Volume& v) {
  return {{"moved_bytes", v.moved}, {"fewest_bytes_of_blocks", v.fewest_of_blocks}, {"fewest_bytes", v.fewest}};
}

Json to_json(const LineTraffic& line) {
  const Traffic& t = line.traffic;
  Json json{{"file", in_repository(line.where.file)},
            {"line", line.where.line},
            {"memory", name(line.space)},
            {"access", name(line.access)},
            {"requests", t.requests},
            {"lanes", t.lanes},
            {"bytes", t.bytes}};
  if (line.space == Space::global)
    json.update({{"sectors", t.transactions}, {"fewest_sectors", t.fewest_transactions}});
  else
    json.update({{"wavefronts", t.transactions}, {"fewest_wavefronts", t.fewest_transactions}, {"ways", t.ways}});
  return json;
}

Json to_json(const Finding& f) {
  Json json{{"kind", name(f.kind)},
            {"file", in_repository(f.where.file)},
            {"line", f.where.line},
            {"count", f.count},
            {"example", f.example}};
  if (f.kind == Finding::Kind::race) json["with"] = {{"file", in_repository(f.other.file)}, {"line", f.other.line}};
  return json;
}

void print(const char* what, const Volume& v, std::ostream& out) {
  if (!v.moved) return;
  const auto mb = [](int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  out << "  " << what << std::fixed << std::setprecision(3) << mb(v.moved) << " MB in sectors; once a block "
      << mb(v.fewest_of_blocks) << " MB (" << std::setprecision(2) << mb(v.moved) / mb(v.fewest_of_blocks)
      << "x); once a launch " << std::setprecision(3) << mb(v.fewest) << " MB\n";
}

void print(const Finding& f, std::ostream& out) {
  out << "  " << name(f.kind) << ", " << f.count << " times, at " << to_string(f.where);
  if (f.kind == Finding::Kind::race) out << " with " << to_string(f.other);
  out << ": first " << f.example << '\n';
}

constexpr int columns = 62;

std::string columns_of(const LineTraffic& line) {
  const Traffic& t = line.traffic;
  const auto each = [&](int64_t n) { return static_cast<double>(n) / static_cast<double>(t.requests); };
  std::ostringstream text;
  text << std::fixed << std::setw(7) << name(line.space) << std::setw(7) << name(line.access) << std::setw(10)
       << t.requests << std::setprecision(1) << std::setw(7) << each(t.lanes) << std::setprecision(2) << std::setw(9)
       << each(t.transactions) << std::setw(9) << each(t.fewest_transactions) << std::setw(6);
  if (line.space == Space::shared)
    text << t.ways;
  else
    text << "";
  return text.str();
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines{""};  // counted from 1
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A file's lines from a little before the first with traffic to a little after the last; long stretches without any are
// left out.
void print_source(const std::string& file, const std::vector<LineTraffic>& traffic, std::ostream& out) {
  constexpr size_t context = 2;
  const auto source = lines_of(file);
  out << "\n"
      << in_repository(file) << '\n'
      << std::left << std::setw(columns) << "  memory access  requests  lanes  per req.  fewest  ways" << std::right
      << '\n';
  size_t printed = 0;
  const auto print_until = [&](size_t last) {
    for (size_t i = printed + 1; i <= last && i < source.size(); ++i)
      out << std::string(columns, ' ') << std::setw(5) << i << "  " << source[i] << '\n';
    printed = std::max(printed, last);
  };
  for (const LineTraffic& line : traffic) {
    const size_t at = line.where.line;
    if (at > printed) {
      if (printed) print_until(std::min(printed + context, at - 1));
      if (at > printed + context + 1) {
        if (printed) out << std::string(columns, ' ') << "  ...\n";
        printed = at - context - 1;
      }
      print_until(at - 1);
    }
    out << std::left << std::setw(columns) << columns_of(line) << std::right;
    if (at > printed && at < source.size()) out << std::setw(5) << at << "  " << source[at];
    out << '\n';
    printed = at;
  }
  print_until(printed + context);
}

}  // namespace

Json to_json(const LaunchReport& report) {
  Json lines = Json::array(), findings = Json::array();
  for (const LineTraffic& line : report.lines) lines.push_back(to_json(line));
  for (const Finding& finding : report.findings) findings.push_back(to_json(finding));
  return {{"kernel", report.kernel},
          {"grid", to_json(report.shape.grid)},
          {"block", to_json(report.shape.block)},
          {"dynamic_shared_bytes", report.shape.shared_bytes},
          {"static_shared_bytes", report.static_shared_bytes},
          {"loads", to_json(report.loads)},
          {"stores", to_json(report.stores)},
          {"findings", findings},
          {"lines", lines}};
}

void print(const LaunchReport& report, std::ostream& out) {
  out << report.kernel << ": grid " << to_string(report.shape.grid) << ", block " << to_string(report.shape.block)
      << ", shared memory " << report.static_shared_bytes << " + " << report.shape.shared_bytes << " bytes\n";
  print("loads   ", report.loads, out);
  print("stores  ", report.stores, out);
  if (report.findings.empty()) out << "  no race, no access out of bounds, no uninitialised read\n";
  for (const Finding& finding : report.findings) print(finding, out);
  std::map<std::string, std::vector<LineTraffic>> of_file;
  for (const LineTraffic& line : report.lines) of_file[line.where.file].push_back(line);
  for (const auto& [file, lines] : of_file) print_source(file, lines, out);
}

}  // namespace simt
