#include "viz/scan/image_list.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <string>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

bool is_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".bmp";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<fs::path> images_below(const fs::path& folder) {
  std::vector<fs::path> images;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (is_image_name(entry->path()) && entry->is_regular_file()) {
      images.push_back(entry->path().lexically_relative(folder));
    }
  }
  return images;
}

}  // namespace

std::vector<fs::path> list_images(const fs::path& folder) {
  if (folder.empty()) throw InputError("the key 'folder' is missing: it names the folder of images to look at");
  if (!fs::is_directory(folder)) throw InputError(folder.string() + ": there is no such folder of images");
  std::vector<fs::path> images;
  try {
    images = images_below(folder);
  } catch (const fs::filesystem_error& error) {
    throw InputError(error.path1().string() + ": the folder cannot be read (" + error.code().message() + ")");
  }
  if (images.empty())
    throw InputError(folder.string() + ": holds no image, nor do its sub-folders (.jpg, .jpeg, .png or .bmp)");
  std::ranges::sort(images, {}, [](const fs::path& path) { return path.generic_string(); });
  return images;
}

std::string listing_sha256(const fs::path& folder) {
  std::string listing;
  for (const auto& file : list_images(folder))
    listing += file.generic_string() + '\n' + std::to_string(fs::file_size(folder / file)) + '\n';
  return sha256_hex(std::as_bytes(std::span(listing)));
}

}  // namespace convlens::viz
