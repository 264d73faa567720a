#include "viz/output_folder.h"

#include <unistd.h>

#include <vector>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/io/atomic_file.h"
#include "viz/io/npy.h"

namespace convlens::viz {

namespace fs = std::filesystem;

OutputFolder::OutputFolder(fs::path path)
    : path_(std::move(path)),
      hidden_(path_ / (".unfinished-" + std::to_string(getpid()))),
      remove_on_interrupt_(hidden_) {
  created_ = !fs::exists(path_);
  std::error_code error;
  fs::create_directories(hidden_, error);
  if (error) throw InputError(path_.string() + ": the folder for the results cannot be made (" + error.message() + ")");
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  fs::remove_all(hidden_, ignored);
  if (created_) fs::remove(path_, ignored);  // succeeds only if it is empty
}

fs::path OutputFolder::place(const std::string& name) {
  const fs::path file = hidden_ / name;
  fs::create_directories(file.parent_path());
  return file;
}

void OutputFolder::record(const std::string& name) { hashes_[name] = sha256_file(hidden_ / name); }

void OutputFolder::save(const std::string& name, const Image& image) {
  write_png(place(name + ".png"), image);
  record(name + ".png");
}

void OutputFolder::save(const std::string& name, const Array& array) {
  std::vector<int64_t> shape;
  for (int i = 0; i < array.shape.rank(); ++i) shape.push_back(array.shape[i]);
  write_npy(place(name + ".npy"), shape, array.values);
  record(name + ".npy");
}

void OutputFolder::save_text(const std::string& name, const std::string& text) {
  write_file(place(name), text);
  record(name);
}

void OutputFolder::commit() {
  for (const auto& [name, hash] : hashes_) {
    std::error_code error;
    fs::create_directories((path_ / name).parent_path(), error);
    if (!error) fs::rename(hidden_ / name, path_ / name, error);
    if (error) throw InternalError((path_ / name).string() + ": cannot be written (" + error.message() + ")");
  }
}

}  // namespace convlens::viz
