#include "viz/io/npy.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/base/error.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz_io/data_file.h"
#include "tests/viz_io/error_of.h"
#include "viz/io/atomic_file.h"
#include "viz/io/read_file.h"

namespace convlens::viz {
namespace {

using test::TemporaryFolder;

TEST(Npy, ComesBackInEveryRank) {
  const TemporaryFolder folder;
  const std::vector<std::vector<int64_t>> shapes = {{}, {6}, {2, 3}, {1, 3, 2, 1}, {0, 4}};
  for (const auto& shape : shapes) {
    size_t count = 1;
    for (const int64_t size : shape) count *= static_cast<size_t>(size);
    std::vector<float> values;
    for (size_t i = 0; i < count; ++i) values.push_back(float(i) * 0.1f - 1.0f);
    write_npy(folder / "a.npy", shape, values);
    const NpyArray read = read_npy(folder / "a.npy");
    EXPECT_EQ(read.shape, shape);
    EXPECT_EQ(read.values, values);
  }
}

TEST(Npy, HeaderIsThatOfNumpy) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", std::vector<int64_t>{2, 3}, std::vector<float>(6));
  const auto bytes = read_file(folder / "a.npy");
  ASSERT_EQ(bytes.size(), 128u + 24u);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), 128);
  const std::string expected =
      std::string("\x93NUMPY\x01\x00\x76\x00", 10) + "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(text, expected + std::string(127 - expected.size(), ' ') + "\n");
}

TEST(Npy, WritesBytesOfAnyType) {
  const TemporaryFolder folder;
  const std::vector<double> values = {1.5, -2};
  write_npy(folder / "a.npy", "<f8", std::vector<int64_t>{2}, std::as_bytes(std::span(values)));
  const auto bytes = read_file(folder / "a.npy");
  ASSERT_EQ(bytes.size(), 128u + 16u);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_NE(text.find("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"), std::string::npos);
  EXPECT_EQ(text.substr(128), std::string(reinterpret_cast<const char*>(values.data()), 16));
  EXPECT_THROW(write_npy(folder / "b.npy", "<f8", std::vector<int64_t>{4}, std::as_bytes(std::span(values))),
               InternalError);
}

TEST(Npy, ReadsWhatNumpyWrote) {
  const NpyArray array = read_npy(data_file("resize_nearest_mixed.npy"));
  EXPECT_EQ(array.shape, (std::vector<int64_t>{5, 31}));
}

TEST(Npy, RefusesAShapeThatDoesNotFit) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_npy(folder / "a.npy", std::vector<int64_t>{2, 3}, std::vector<float>(5)), InternalError);
  EXPECT_EQ(folder.file_count(), 0u);
}

TEST(Npy, RefusesOtherFilesByName) {
  const TemporaryFolder folder;
  write_npy(folder / "a.npy", std::vector<int64_t>{2, 3}, std::vector<float>(6));
  const auto bytes = read_file(folder / "a.npy");
  const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::vector<std::string> broken = {"",
                                           "no array",
                                           whole.substr(0, 50),
                                           whole.substr(0, whole.size() - 1),
                                           whole + "x",
                                           replaced("<f4", "<f8"),
                                           replaced("False", "True "),
                                           replaced("(2, 3)", "(2,-3)"),
                                           replaced("(2, 3)", "(x, 3)"),
                                           replaced("(2, 3), }     ", "(99999999,999)"),
                                           replaced("'shape'", "'shope'")};
  for (const std::string& text : broken) {
    write_file(folder / "broken.npy", text);
    const std::string error = error_of<InputError>([&] { read_npy(folder / "broken.npy"); });
    EXPECT_NE(error.find("broken.npy' is not a .npy file"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace convlens::viz
