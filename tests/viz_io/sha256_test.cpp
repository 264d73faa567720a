#include "kernels/base/sha256.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/base/error.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz_io/error_of.h"
#include "viz/io/atomic_file.h"

namespace convlens {
namespace {

std::string hash(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

// The examples of FIPS 180-4 that NIST publishes.
TEST(Sha256, PublishedExamples) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfAFileOfSeveralBlocks) {
  const test::TemporaryFolder folder;
  for (const size_t size : {0, 1, 65536, 65537, 1'000'000}) {
    const std::string text(size, 'a');
    viz::write_file(folder / "a.bin", text);
    EXPECT_EQ(sha256_file(folder / "a.bin"), hash(text));
  }
}

TEST(Sha256, NamesTheFileThatCannotBeRead) {
  const test::TemporaryFolder folder;
  for (const auto& path : {folder / "none.bin", folder.path()}) {
    const std::string error = viz::error_of<InputError>([&] { sha256_file(path); });
    EXPECT_NE(error.find(path.string()), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace convlens
