#include "viz/command.h"

#include <vector>

namespace convlens::viz {
namespace {

std::vector<RegisterCommand::Add>& commands() {
  static std::vector<RegisterCommand::Add> instance;
  return instance;
}

}  // namespace

RegisterCommand::RegisterCommand(Add add) { commands().push_back(add); }

void add_commands(CLI::App& parser) {
  for (const RegisterCommand::Add add : commands()) add(parser);
}

}  // namespace convlens::viz
