#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/session.h"
#include "viz/run.h"
#include "viz/scan/image_reader.h"

namespace convlens::viz {

/// The keys of every algorithm that looks at a folder of images.
struct FolderKeys {
  std::filesystem::path folder;
  int64_t batch = 16;

  void describe(ParamVisitor& v);

  /// For Algorithm::more_inputs: listing_sha256.
  std::map<std::string, std::string> inputs() const;
};

/// A request for batches of the folder's images, to which an algorithm adds what it wants. Throws InputError for a
/// folder without images.
PlanRequest folder_request(const Run& run, const FolderKeys& keys);

/// How the folder's images are brought to this run's input.
ViewSize view_size(const Run& run);

/// A file that was passed over, and why.
struct BrokenFile {
  std::string file, reason;
};

/// What is done with a batch after its forward pass: image i of the batch is images[i]. There may be fewer images than
/// the session's batch has rows (the last, or files that cannot be read); the remaining rows mean nothing.
using OnBatch = std::function<void(const std::vector<ReadImage>& images)>;

/// Runs `session` (of folder_request) forwards over these files of the folder (list_images) in batches, in their order.
/// Each file is read once; memory does not grow with their number. Files that cannot be read as an image are passed
/// over and returned. Shows progress.
std::vector<BrokenFile> scan_files(Run& run, Session& session, const FolderKeys& keys,
                                   const std::vector<std::filesystem::path>& files, const OnBatch& on_batch);

/// Lists broken files on the page and in run.json. Throws InputError when none of `files` files could be read.
void report_broken(Run& run, const std::vector<BrokenFile>& broken, size_t files);

/// All images of the folder, broken files reported: for an algorithm that keeps nothing between runs.
///
///     scan_folder(run, *session, keys, [&](const std::vector<ReadImage>& images) {
///       const Array value = session->value(layer);
///       for (size_t i = 0; i < images.size(); ++i) ...  // value's row i is of images[i].file, seen as images[i].view
///     });
void scan_folder(Run& run, Session& session, const FolderKeys& keys, const OnBatch& on_batch);

}  // namespace convlens::viz
