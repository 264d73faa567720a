// viz_run draw_shapes FOLDER: pictures of shapes with exact masks, to train on and to measure attributions with.

#include <iostream>

#include "viz/command.h"
#include "viz/training/shapes.h"

namespace convlens::viz {
namespace {

namespace fs = std::filesystem;

struct DrawOptions {
  std::string folder;
  int count = 100, size = 32;
  int64_t seed = 0;
};

void draw(const DrawOptions& options) {
  const auto& names = shape_names();
  for (size_t shape = 0; shape < names.size(); ++shape) {
    const fs::path pictures = fs::path(options.folder) / "pictures" / names[shape],
                   masks = fs::path(options.folder) / "masks" / names[shape];
    fs::create_directories(pictures);
    fs::create_directories(masks);
    for (int i = 0; i < options.count; ++i) {
      std::string number = std::to_string(i);
      number = std::string(number.size() < 5 ? 5 - number.size() : 0, '0') + number + ".png";
      const DrawnShape drawn = draw_shape(static_cast<int>(shape), options.size, options.seed + i);
      write_png(pictures / number, drawn.picture);
      write_png(masks / number, drawn.mask);
    }
  }
  std::cout << "drawn: " << names.size() << " x " << options.count << " pictures in " << options.folder << '\n';
}

const RegisterCommand draw_shapes_registered([](CLI::App& parser) {
  auto options = std::make_shared<DrawOptions>();
  CLI::App* command = parser.add_subcommand("draw_shapes", "draw shapes, a folder a class, and their masks");
  command->add_option("folder", options->folder, "gets the folders pictures and masks")->required();
  command->add_option("--count", options->count, "pictures a class")->check(CLI::Range(1, 99999));
  command->add_option("--size", options->size, "height and width in pixels")->check(CLI::Range(8, 512));
  command->add_option("--seed", options->seed, "of the first picture; the next has the next seed");
  command->callback([options] { draw(*options); });
});

}  // namespace
}  // namespace convlens::viz
