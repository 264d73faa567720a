#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/array.h"
#include "kernels/base/json.h"
#include "viz/features/growing_npy.h"
#include "viz/folder_lock.h"
#include "viz/scan/image_reader.h"

namespace convlens::viz {

/// What a network made of images, kept in a folder between runs:
///
///     manifest.jsonl   a line that says whose features these are; then a line for each image:
///                      {"file": "cats/1.jpg", "bytes": .., "modified": .., "sha256": .., "row": ..}
///     features.npy     f32, rows x width
///     thumbnails.npy   u8, rows x 64 x 64 x 3: the centre of what the network saw
///
/// It only grows, and at any moment holds what has been added so far: a program that is cut off loses the batch at
/// which it was. A file is known again by its path, size and time of change; one that was moved or copied by its
/// contents. An image that changed gets a new row; rows of deleted images stay and are not used.
class FeatureStore {
 public:
  static constexpr int thumbnail_size = 64;  // pixels

  /// Opens the store, or begins it. `identity` is all that decides an image's features. Throws InputError naming what
  /// differs when the store's is another, or another program holds the store.
  FeatureStore(std::filesystem::path folder, const Json& identity, int64_t width);

  const std::filesystem::path& path() const { return folder_; }
  int64_t rows() const { return features_.rows(); }

  /// The row of an image, if it has one and the file has not been touched since.
  std::optional<int64_t> find(const std::filesystem::path& folder, const std::filesystem::path& file) const;

  /// Adds images with their features; row i of `features` is of images[i].
  void add(const std::filesystem::path& folder, const std::vector<ReadImage>& images, const Array& features);

  std::span<const float> features(int64_t row) const;  ///< valid until add()
  Image thumbnail(int64_t row) const;                  ///< RGB

 private:
  struct Stamp {
    uint64_t bytes;
    int64_t modified;  // nanoseconds since 1970
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    Stamp stamp;
    int64_t row;
  };
  struct Manifest {
    std::map<std::string, Entry> by_file;
    std::map<std::string, int64_t> by_contents;
    int64_t rows = 0;
  };
  static std::optional<Stamp> stamp_of(const std::filesystem::path& path);
  static Manifest read_manifest(const std::filesystem::path& path, const Json& identity);
  void enter(const std::filesystem::path& folder, const ReadImage& image, int64_t row);

  std::filesystem::path folder_;
  FolderLock lock_;
  int64_t width_;
  Manifest manifest_;
  GrowingNpy features_, thumbnails_;
  std::ofstream lines_;
};

}  // namespace convlens::viz
