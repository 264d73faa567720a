#include "viz/output_folder.h"

#include <vector>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/io/atomic_file.h"
#include "viz/io/npy.h"
#include "viz/io/read_file.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

/// Makes the folder and says whether it was missing.
bool create(const fs::path& path) {
  std::error_code error;
  const bool created = fs::create_directories(path, error);
  if (error) throw InputError(path.string() + ": the folder for the results cannot be made (" + error.message() + ")");
  return created;
}

}  // namespace

OutputFolder::OutputFolder(fs::path path, Earlier earlier)
    : path_(std::move(path)), hidden_(path_ / ".unfinished"), created_(create(path_)), lock_(path_) {
  std::error_code ignored;
  if (earlier == Earlier::forgotten) fs::remove_all(hidden_, ignored);
  holds_kept_parts_ = !create(hidden_);
  if (!holds_kept_parts_) remove_on_interrupt_.emplace(hidden_);
}

OutputFolder OutputFolder::fresh(fs::path path) { return OutputFolder(std::move(path), Earlier::forgotten); }
OutputFolder OutputFolder::resumed(fs::path path) { return OutputFolder(std::move(path), Earlier::taken_up); }

OutputFolder::~OutputFolder() {
  if (holds_kept_parts_) return;
  std::error_code ignored;
  fs::remove_all(hidden_, ignored);
  if (created_) fs::remove(path_, ignored);  // succeeds only if it is empty
}

fs::path OutputFolder::unfinished(const std::string& name) {
  const fs::path file = hidden_ / name;
  fs::create_directories(file.parent_path());
  return file;
}

void OutputFolder::record(const std::string& name) { hashes_[name] = sha256_file(hidden_ / name); }

void OutputFolder::save(const std::string& name, const Image& image) {
  write_png(unfinished(name + ".png"), image);
  record(name + ".png");
}

void OutputFolder::save(const std::string& name, const Array& array) {
  std::vector<int64_t> shape;
  for (int i = 0; i < array.shape.rank(); ++i) shape.push_back(array.shape[i]);
  write_npy(unfinished(name + ".npy"), shape, array.values);
  record(name + ".npy");
}

void OutputFolder::save_text(const std::string& name, const std::string& text) {
  write_file(unfinished(name), text);
  record(name);
}

void OutputFolder::save_file(const std::string& name, const std::function<void(const fs::path&)>& write) {
  write(unfinished(name));
  record(name);
}

void OutputFolder::keep(const std::string& note, const std::string& text) {
  write_file(unfinished(note), text);
  holds_kept_parts_ = true;
  remove_on_interrupt_.reset();
}

std::optional<std::string> OutputFolder::kept(const std::string& note) const {
  if (!fs::exists(hidden_ / note)) return std::nullopt;
  const std::vector<std::byte> bytes = read_file(hidden_ / note);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool OutputFolder::take_up(const Hashes& hashes) {
  for (const auto& [name, hash] : hashes)
    if (!fs::is_regular_file(hidden_ / name) || sha256_file(hidden_ / name) != hash) return false;
  hashes_.insert(hashes.begin(), hashes.end());
  return true;
}

void OutputFolder::commit() {
  for (const auto& [name, hash] : hashes_) {
    std::error_code error;
    fs::create_directories((path_ / name).parent_path(), error);
    if (!error) fs::rename(hidden_ / name, path_ / name, error);
    if (error) throw InternalError((path_ / name).string() + ": cannot be written (" + error.message() + ")");
  }
  holds_kept_parts_ = false;
}

}  // namespace convlens::viz
