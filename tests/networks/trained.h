#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "viz/io/image.h"
#include "viz/preprocess.h"
#include "weights/model_file.h"

namespace convlens::test {

/// Where real networks and photos lie; $CONVLENS_SHARED names another place.
inline std::filesystem::path shared_folder() {
  const char* folder = std::getenv("CONVLENS_SHARED");
  return folder ? std::filesystem::path(folder) : std::filesystem::path(CONVLENS_SOURCE_DIR).parent_path() / "shared";
}

/// A test of trained networks, skipped where they are absent.
class Trained : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared_folder() / "weights"))
      GTEST_SKIP() << "the folder of trained networks is absent";
  }

  static std::shared_ptr<const Model> model(const std::string& name) {
    return read_model(std::filesystem::path(CONVLENS_TEST_MODELS) / "trained" / name);
  }

  static Array photo(const Model& model, const std::string& name) {
    const Shape& shape = model.image_input().shape;
    return photo(model, name, static_cast<int>(shape.h()), static_cast<int>(shape.w()));
  }

  static Array photo(const Model& model, const std::string& name, int height, int width) {
    const auto image = viz::read_image(shared_folder() / "images" / (name + ".jpg"));
    return viz::to_tensor(viz::network_view(image, model.image_input(), height, width), model.image_input());
  }
};

}  // namespace convlens::test
