#include "viz/scan/folder_scan.h"

#include <omp.h>

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/preprocess.h"
#include "viz/scan/image_list.h"

namespace convlens::viz {
namespace {

Array to_batch(const std::vector<ReadImage>& images, const ViewSize& size, int64_t batch) {
  Array tensor({batch, size.input.shape.c(), size.height, size.width});
  auto row = tensor.values.begin();
  for (const ReadImage& image : images) row = std::ranges::copy(to_tensor(image.view, size.input).values, row).out;
  return tensor;
}

// Moves what cannot be read out of the batch.
void take_broken(std::vector<ReadImage>& images, std::vector<BrokenFile>& broken) {
  for (const ReadImage& image : images)
    if (!image.broken.empty()) broken.push_back({image.file.generic_string(), image.broken});
  std::erase_if(images, [](const ReadImage& image) { return !image.broken.empty(); });
}

int64_t batch_of(const Session& session, const std::string& input) {
  return session.plan().values.at(input).desc.shape.n();
}

}  // namespace

void FolderKeys::describe(ParamVisitor& v) {
  v.field({.name = "folder", .doc = "folder of images to look at, its sub-folders included", .required = true}, folder);
  v.field({.name = "batch", .doc = "images the network sees at once", .min = 1, .max = 1024}, batch);
}

std::map<std::string, std::string> FolderKeys::inputs() const { return {{"folder", listing_sha256(folder)}}; }

PlanRequest folder_request(const Run& run, const FolderKeys& keys) {
  const ViewSize size = view_size(run);
  PlanRequest request = run.base_request();
  request.batch = std::min(keys.batch, static_cast<int64_t>(list_images(keys.folder).size()));
  request.input_shapes[run.input_name()] = {1, size.input.shape.c(), size.height, size.width};
  return request;
}

ViewSize view_size(const Run& run) {
  const InputSpec& input = run.model().image_input();
  const auto& size = run.keys().size;
  const int64_t height = size.empty() ? input.shape.h() : size[0], width = size.empty() ? input.shape.w() : size[1];
  return {input, static_cast<int>(height), static_cast<int>(width)};
}

std::vector<BrokenFile> scan_files(Run& run, Session& session, const FolderKeys& keys,
                                   const std::vector<std::filesystem::path>& files, const OnBatch& on_batch) {
  const ViewSize size = view_size(run);
  const int64_t batch = batch_of(session, run.input_name());
  // A GPU leaves the processor free to read the next batch; otherwise both want the same cores and take turns.
  ImageReader reader(keys.folder, files, size, omp_get_max_threads(), batch, run.device() == Device::cuda ? 2 : 1);
  Progress progress("scan", "image", std::ssize(files), run.display());
  std::vector<BrokenFile> broken;
  for (auto images = reader.next(); !images.empty(); images = reader.next()) {
    const auto read = std::ssize(images);
    take_broken(images, broken);
    if (!images.empty()) {
      session.set_input(run.input_name(), to_batch(images, size, batch));
      session.forward();
      on_batch(images);
    }
    progress.advance(read);
  }
  return broken;
}

void report_broken(Run& run, const std::vector<BrokenFile>& broken, size_t files) {
  if (broken.size() == files)
    throw InputError("none of the folder's " + std::to_string(files) +
                     " images can be read; the first: " + broken.front().reason);
  run.results["images"] = files - broken.size();
  run.results["broken"] = Json::array();
  for (const BrokenFile& file : broken) run.results["broken"].push_back({{"file", file.file}, {"reason", file.reason}});
  if (broken.empty()) return;
  Table table{.caption = "Passed over: files that cannot be read", .header = {"file", "reason"}};
  for (const BrokenFile& file : broken) table.rows.push_back({file.file, file.reason});
  run.section().tables.push_back(std::move(table));
  run.say("passed over " + std::to_string(broken.size()) + " of " + std::to_string(files) +
          " files, which cannot be read; the page lists them");
}

void scan_folder(Run& run, Session& session, const FolderKeys& keys, const OnBatch& on_batch) {
  const auto files = list_images(keys.folder);
  report_broken(run, scan_files(run, session, keys, files, on_batch), files.size());
}

}  // namespace convlens::viz
