#include "viz/features/feature_store.h"

#include <algorithm>
#include <chrono>

#include "kernels/base/error.h"
#include "viz/io/resize.h"

namespace convlens::viz {

namespace fs = std::filesystem;

namespace {

fs::path made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError(folder.string() + ": the store's folder cannot be made (" + error.message() + ")");
  return folder;
}

/// "'layer' is "fc6" there and "fc7" here" of the first member in which the two differ.
std::string difference(const Json& there, const Json& here) {
  for (const auto& [key, value] : here.items())
    if (there.value(key, Json()) != value)
      return "'" + key + "' is " + there.value(key, Json()).dump() + " there and " + value.dump() + " in this run";
  return "it has members that this run lacks";
}

std::vector<std::byte> to_thumbnail(const Image& view) {
  const int edge = std::min(view.height, view.width), size = FeatureStore::thumbnail_size;
  const Image small = to_rgb(resize(center_crop(view, edge, edge), size, size, Filter::bilinear));
  std::vector<std::byte> pixels;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      for (int c = 0; c < 3; ++c)
        pixels.push_back(static_cast<std::byte>(std::clamp(small.at(c, y, x), 0.0F, 1.0F) * 255.0F + 0.5F));
  return pixels;
}

// What a program that was cut off wrote of its last line.
void drop_unfinished_line(const fs::path& path, const std::string& text) {
  if (!text.empty() && text.back() != '\n') fs::resize_file(path, text.rfind('\n') + 1);
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

FeatureStore::FeatureStore(fs::path folder, const Json& identity, int64_t width)
    : folder_(made(folder)),
      lock_(folder_),
      width_(width),
      manifest_(read_manifest(folder_ / "manifest.jsonl", identity)),
      features_(folder_ / "features.npy", "<f4", {width}, manifest_.rows),
      thumbnails_(folder_ / "thumbnails.npy", "|u1", {thumbnail_size, thumbnail_size, 3}, manifest_.rows),
      lines_(folder_ / "manifest.jsonl", std::ios::app | std::ios::binary) {
  if (!lines_) throw InputError((folder_ / "manifest.jsonl").string() + ": cannot be written");
  if (lines_.tellp() == 0) lines_ << identity.dump() << std::endl;
}

std::optional<FeatureStore::Stamp> FeatureStore::stamp_of(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) return std::nullopt;
  const auto modified = fs::last_write_time(path, error);
  if (error) return std::nullopt;
  const auto since_1970 = std::chrono::file_clock::to_sys(modified).time_since_epoch();
  return Stamp{bytes, std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count()};
}

FeatureStore::Manifest FeatureStore::read_manifest(const fs::path& path, const Json& identity) {
  Manifest manifest;
  const std::string text = read_text(path);
  drop_unfinished_line(path, text);
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    try {
      if (begin == 0) {
        if (line != identity)
          throw InputError(path.string() + ": these features are of something else: " + difference(line, identity) +
                           "; name another 'store', or delete this one");
        continue;
      }
      const int64_t row = line.at("row");
      manifest.by_file[line.at("file")] = {{line.at("bytes"), line.at("modified")}, row};
      manifest.by_contents[line.at("sha256")] = row;
      manifest.rows = std::max(manifest.rows, row + 1);
    } catch (const Json::exception&) {
      throw InputError(path.string() + ": is no manifest of features: delete its folder, and it is made again");
    }
  }
  return manifest;
}

std::optional<int64_t> FeatureStore::find(const fs::path& folder, const fs::path& file) const {
  const auto entry = manifest_.by_file.find(file.generic_string());
  if (entry == manifest_.by_file.end() || stamp_of(folder / file) != entry->second.stamp) return std::nullopt;
  return entry->second.row;
}

void FeatureStore::add(const fs::path& folder, const std::vector<ReadImage>& images, const Array& features) {
  std::vector<std::byte> rows, thumbnails;
  std::vector<int64_t> row_of;
  int64_t next = this->rows();
  for (size_t i = 0; i < images.size(); ++i) {
    const auto [known, is_new] = manifest_.by_contents.try_emplace(images[i].sha256, next);
    row_of.push_back(known->second);
    if (!is_new) continue;
    ++next;
    const auto row =
        std::as_bytes(std::span(features.values).subspan(i * static_cast<size_t>(width_), static_cast<size_t>(width_)));
    rows.insert(rows.end(), row.begin(), row.end());
    std::ranges::copy(to_thumbnail(images[i].view), std::back_inserter(thumbnails));
  }
  // The manifest comes last: rows that it does not name do not count.
  features_.append(rows);
  thumbnails_.append(thumbnails);
  for (size_t i = 0; i < images.size(); ++i) enter(folder, images[i], row_of[i]);
  if (!lines_.flush()) throw InternalError((folder_ / "manifest.jsonl").string() + ": cannot be written");
}

void FeatureStore::enter(const fs::path& folder, const ReadImage& image, int64_t row) {
  const auto stamp = stamp_of(folder / image.file);
  if (!stamp) return;  // deleted meanwhile
  const std::string file = image.file.generic_string();
  manifest_.by_file[file] = {*stamp, row};
  const Json line{
      {"file", file}, {"bytes", stamp->bytes}, {"modified", stamp->modified}, {"sha256", image.sha256}, {"row", row}};
  lines_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

std::span<const float> FeatureStore::features(int64_t row) const {
  const auto bytes = features_.row(row);
  return {reinterpret_cast<const float*>(bytes.data()), static_cast<size_t>(width_)};
}

Image FeatureStore::thumbnail(int64_t row) const {
  const auto bytes = thumbnails_.row(row);
  Image image = make_image(3, thumbnail_size, thumbnail_size);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < thumbnail_size; ++y)
      for (int x = 0; x < thumbnail_size; ++x)
        image.at(c, y, x) = static_cast<float>(bytes[static_cast<size_t>((y * thumbnail_size + x) * 3 + c)]) / 255.0F;
  return image;
}

}  // namespace convlens::viz
