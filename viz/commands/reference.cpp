// viz_run reference DIR: writes the reference pages of docs/reference from the descriptions that parse the files.

#include <filesystem>

#include "viz/command.h"
#include "viz/io/atomic_file.h"
#include "viz/reference.h"

namespace convlens::viz {
namespace {

void write_pages(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_file(folder / "configuration.md", algorithms_page());
  write_file(folder / "operators.md", operators_page());
  write_file(folder / "training.md", trainings_page());
}

const RegisterCommand reference_registered([](CLI::App& parser) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = parser.add_subcommand("reference", "write the reference pages (Markdown) into a folder");
  command->add_option("folder", *folder, "where")->required();
  command->callback([folder] { write_pages(*folder); });
});

}  // namespace
}  // namespace convlens::viz
