// Listing and reading the images of a folder.

#include <gtest/gtest.h>

#include <fstream>

#include "kernels/base/error.h"
#include "kernels/base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/drawn_folder.h"
#include "viz/preprocess.h"
#include "viz/scan/image_list.h"
#include "viz/scan/image_reader.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

const viz::ViewSize small{{.name = "image", .shape = {1, 3, 16, 16}, .mean = {0, 0, 0}, .std = {1, 1, 1}}, 16, 16};

std::vector<std::string> names(const std::vector<fs::path>& files) {
  std::vector<std::string> list;
  for (const fs::path& file : files) list.push_back(file.generic_string());
  return list;
}

TEST(ImageList, HasSubFoldersInOneOrderAndNothingHidden) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "b/deep");
  fs::create_directories(folder / ".thumbnails");
  for (const char* name :
       {"b/deep/1.JPG", "b/2.jpeg", "a.png", "Z.bmp", "notes.txt", ".hidden.png", ".thumbnails/a.png"})
    std::ofstream(folder / name) << "x";
  EXPECT_EQ(names(viz::list_images(folder.path())),
            (std::vector<std::string>{"Z.bmp", "a.png", "b/2.jpeg", "b/deep/1.JPG"}));
}

TEST(ImageList, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  std::ofstream(folder / "notes.txt") << "x";
  const auto message = [](const fs::path& path) {
    try {
      viz::list_images(path);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message(folder.path()).find("holds no image"), std::string::npos);
  EXPECT_NE(message(folder / "none").find("no such folder"), std::string::npos);
  EXPECT_NE(message("").find("'folder' is missing"), std::string::npos);
}

TEST(ImageReader, HandsOutEveryFileInOrderBrokenOnesToo) {
  const TemporaryFolder folder;
  draw_folder(folder.path(), 5);
  std::ofstream(folder / "disc/2.png") << "no picture";
  const auto files = viz::list_images(folder.path());
  viz::ImageReader reader(folder.path(), files, small, 3, 4, 2);
  std::vector<viz::ReadImage> read;
  std::vector<size_t> sizes;
  for (auto batch = reader.next(); !batch.empty(); batch = reader.next()) {
    sizes.push_back(batch.size());
    std::ranges::move(batch, std::back_inserter(read));
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{4, 4, 2}));
  ASSERT_EQ(read.size(), 10U);
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].file, files[i]);
    EXPECT_EQ(read[i].sha256, sha256_file(folder.path() / files[i]));
    EXPECT_EQ(!read[i].broken.empty(), i == 2) << read[i].broken;
    if (i != 2) {
      EXPECT_EQ(read[i].view.values,
                viz::network_view(viz::read_image(folder.path() / files[i]), small.input, 16, 16).values);
    }
  }
}

// Memory does not grow with the folder: files beyond those it may read ahead have not been opened yet.
TEST(ImageReader, ReadsNoFurtherAheadThanItWasTold) {
  const TemporaryFolder folder;
  draw_folder(folder.path(), 5);
  const auto files = viz::list_images(folder.path());
  for (const int64_t ahead : {1, 2}) {
    viz::ImageReader reader(folder.path(), files, small, 3, 2, ahead);
    reader.next();
    const auto beyond = folder.path() / files[static_cast<size_t>(2 * ahead)];
    fs::rename(beyond, folder / "away");
    for (int64_t i = 1; i < ahead; ++i) EXPECT_TRUE(reader.next()[0].broken.empty());
    EXPECT_FALSE(reader.next()[0].broken.empty());
    fs::rename(folder / "away", beyond);
  }
}

TEST(ImageReader, MayBeLeftBeforeTheEnd) {
  const TemporaryFolder folder;
  draw_folder(folder.path(), 20);
  viz::ImageReader reader(folder.path(), viz::list_images(folder.path()), small, 2, 4, 2);
  EXPECT_EQ(reader.next().size(), 4U);
}

}  // namespace
}  // namespace convlens::test
