#include "engine/mapped_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace convlens::test {
namespace {

constexpr size_t size = 8 << 20;

class GivenBack : public ::testing::Test {
 protected:
  GivenBack() {
    const std::string bytes(size, 'w');
    std::ofstream(folder_.path() / "file", std::ios::binary) << bytes;
    file_ = std::make_unique<MappedFile>(folder_.path() / "file");
  }

  static size_t resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
      if (word == "VmRSS:" && status >> word) return 1024 * std::stoull(word);
    return 0;
  }

  TemporaryFolder folder_;
  std::unique_ptr<MappedFile> file_;
};

TEST_F(GivenBack, PagesAreNoLongerResidentAndComeBackWhenTheyAreRead) {
  const size_t before = resident_bytes();
  file_->give_back(file_->bytes());
  EXPECT_LT(resident_bytes() + size * 3 / 4, before);
  EXPECT_EQ(std::ranges::count(file_->bytes(), std::byte{'w'}), static_cast<int64_t>(size));
}

TEST_F(GivenBack, OtherMemoryIsLeftAlone) {
  std::vector<std::byte> other(size, std::byte{7});
  file_->give_back(other);
  EXPECT_EQ(std::ranges::count(other, std::byte{7}), static_cast<int64_t>(size));
}

TEST_F(GivenBack, APartOfAPageStays) {
  const size_t before = resident_bytes();
  file_->give_back(file_->bytes().subspan(100, 200));
  EXPECT_GT(resident_bytes() + size / 2, before);
}

}  // namespace
}  // namespace convlens::test
