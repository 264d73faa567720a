#pragma once

#include <filesystem>
#include <string>

#include "viz/io/image.h"

namespace convlens::test {

/// A picture of red with a disc, or of blue with stripes; `i` moves them.
inline viz::Image drawn(const std::string& kind, int i) {
  viz::Image image = viz::make_image(3, 20, 20);
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 20; ++x) {
      const bool on = kind == "disc" ? (y - 8 - i % 3) * (y - 8 - i % 3) + (x - 10) * (x - 10) < 30 : (x + i) % 4 < 2;
      image.at(kind == "disc" ? 0 : 2, y, x) = on ? 1.0F : 0.3F + 0.01F * static_cast<float>(i);
    }
  return image;
}

/// `count` pictures of each kind, in sub-folders of their names: disc/0.png, ..., stripe/0.png, ...
inline void draw_folder(const std::filesystem::path& folder, int count) {
  for (const std::string kind : {"disc", "stripe"}) {
    std::filesystem::create_directories(folder / kind);
    for (int i = 0; i < count; ++i) write_png(folder / kind / (std::to_string(i) + ".png"), drawn(kind, i));
  }
}

}  // namespace convlens::test
