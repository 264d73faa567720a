#include "viz/io/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "kernels/base/error.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz_io/error_of.h"
#include "viz/io/image.h"
#include "viz/io/npy.h"
#include "viz/io/read_file.h"

namespace convlens::viz {
namespace {

using test::TemporaryFolder;

std::string contents(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// As on a full disk, a write beyond the limit fails half-way (EFBIG instead of ENOSPC).
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &earlier_);
    const rlimit limit{bytes, earlier_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &earlier_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit earlier_{};
  void (*handler_)(int);
};

TEST(AtomicFile, WritesAndReplaces) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "first");
  write_file(folder / "a.txt", "second");
  EXPECT_EQ(contents(folder / "a.txt"), "second");
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST(AtomicFile, HasTheRightsThatAnyNewFileHas) {
  const TemporaryFolder folder;
  const mode_t mask = umask(022);
  write_file(folder / "a.txt", "text");
  umask(mask);
  EXPECT_EQ(std::filesystem::status(folder / "a.txt").permissions(), std::filesystem::perms{0644});
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "earlier");
  {
    AtomicFile file(folder / "a.txt");
    file.write("half");
  }
  EXPECT_EQ(contents(folder / "a.txt"), "earlier");
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST(AtomicFile, FullDiskIsOneClearErrorAndKeepsTheEarlierFile) {
  const TemporaryFolder folder;
  const std::string large(100'000, 'x');
  write_file(folder / "a.txt", "earlier");
  const FileSizeLimit limit(4096);
  const std::string error = error_of<InternalError>([&] { write_file(folder / "a.txt", large); });
  EXPECT_NE(error.find("a.txt"), std::string::npos) << error;
  EXPECT_NE(error.find("cannot be written"), std::string::npos) << error;
  EXPECT_EQ(contents(folder / "a.txt"), "earlier");
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST(AtomicFile, FullDiskKeepsEarlierPicturesAndArrays) {
  const TemporaryFolder folder;
  Image noise = make_image(3, 64, 64);
  for (size_t i = 0; i < noise.values.size(); ++i) noise.values[i] = float(i * 7919 % 1009) / 1008.0f;
  const std::vector<int64_t> shape = {3, 64, 64};
  write_png(folder / "a.png", noise);
  write_npy(folder / "a.npy", shape, noise.values);
  const std::string png = contents(folder / "a.png"), npy = contents(folder / "a.npy");
  {
    const FileSizeLimit limit(1000);
    EXPECT_THROW(write_png(folder / "a.png", noise), InternalError);
    EXPECT_THROW(write_npy(folder / "a.npy", shape, noise.values), InternalError);
  }
  EXPECT_EQ(contents(folder / "a.png"), png);
  EXPECT_EQ(contents(folder / "a.npy"), npy);
  EXPECT_EQ(folder.file_count(), 2u);
}

TEST(AtomicFile, MissingFolderIsNamed) {
  const TemporaryFolder folder;
  const std::string error = error_of<InputError>([&] { write_file(folder / "no/such/a.txt", "text"); });
  EXPECT_NE(error.find("no/such'"), std::string::npos) << error;
}

TEST(AtomicFile, RefusesToReplaceWhatIsNoPlainFile) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_file(folder.path(), "text"), InputError);
  EXPECT_THROW(write_file("/dev/full", "text"), InputError);
}

TEST(AtomicFile, FollowsALink) {
  const TemporaryFolder folder;
  write_file(folder / "target.txt", "earlier");
  std::filesystem::create_symlink("target.txt", folder / "link.txt");
  write_file(folder / "link.txt", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.txt"));
  EXPECT_EQ(contents(folder / "target.txt"), "new");
}

TEST(AtomicFile, AcceptsTheLongestNameAndNonAsciiLetters) {
  const TemporaryFolder folder;
  for (const std::string& name : {std::string(255, 'n'), std::string("Bild mit Ümläuten 写真.txt")}) {
    write_file(folder / name, "text");
    EXPECT_EQ(contents(folder / name), "text");
  }
  EXPECT_THROW(write_file(folder / std::string(256, 'n'), "text"), InputError);
}

TEST(ReadFile, NamesWhatIsMissingOrAFolder) {
  const TemporaryFolder folder;
  const std::string missing = error_of<InputError>([&] { read_file(folder / "none.bin"); });
  EXPECT_NE(missing.find("none.bin' does not exist"), std::string::npos) << missing;
  const std::string is_folder = error_of<InputError>([&] { read_file(folder.path()); });
  EXPECT_NE(is_folder.find("is a folder"), std::string::npos) << is_folder;
}

}  // namespace
}  // namespace convlens::viz
