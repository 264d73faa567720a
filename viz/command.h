#pragma once

#include <CLI/CLI.hpp>

namespace convlens::viz {

/// A subcommand of viz_run (`viz_run NAME ...`): adds its options to the parser and, if called, sets what is to be
/// done. Its file puts it into the list by one object of this type.
struct RegisterCommand {
  using Add = void (*)(CLI::App& parser);
  explicit RegisterCommand(Add add);
};

void add_commands(CLI::App& parser);

}  // namespace convlens::viz
