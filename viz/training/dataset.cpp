#include "viz/training/dataset.h"

#include <algorithm>
#include <span>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> list;
  for (const auto& entry : fs::directory_iterator(folder))
    if (!entry.path().filename().string().starts_with('.')) list.push_back(entry.path());
  std::ranges::sort(list);
  return list;
}

std::string hash_of(const Dataset& data) {
  std::string hashes;
  for (size_t i = 0; i < data.pictures.size(); ++i)
    hashes += sha256_hex(std::as_bytes(std::span(data.pictures[i].values))) + std::to_string(data.labels[i]);
  return sha256_hex(std::as_bytes(std::span(hashes)));
}

}  // namespace

std::vector<std::string> class_folders(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw InputError(folder.string() + ": there is no such folder of training pictures");
  std::vector<std::string> names;
  for (const fs::path& entry : sorted_entries(folder))
    if (fs::is_directory(entry)) names.push_back(entry.filename().string());
  if (names.size() < 2)
    throw InputError(folder.string() + ": must hold a folder of pictures for each of two or more classes, found " +
                     std::to_string(names.size()));
  return names;
}

Dataset read_dataset(const fs::path& folder, const Model& model, int64_t classes) {
  const auto names = class_folders(folder);
  if (std::ssize(names) != classes)
    throw InputError(folder.string() + ": holds folders of " + std::to_string(names.size()) +
                     " classes, and the layer '" + model.output + "' of the model has " + std::to_string(classes) +
                     " channels");
  const InputSpec& input = model.image_input();
  Dataset data;
  for (size_t label = 0; label < names.size(); ++label) {
    const auto files = sorted_entries(folder / names[label]);
    if (files.empty()) throw InputError((folder / names[label]).string() + ": the folder of a class is empty");
    for (const fs::path& file : files) {
      const Image view =
          network_view(read_image(file), input, static_cast<int>(input.shape.h()), static_cast<int>(input.shape.w()));
      data.pictures.push_back(to_tensor(view, input));
      data.labels.push_back(static_cast<int64_t>(label));
    }
  }
  data.sha256 = hash_of(data);
  return data;
}

}  // namespace convlens::viz
