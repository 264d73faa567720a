#include "viz/command.h"

#include <vector>

namespace convlens::viz {
namespace {

std::vector<RegisterCommand::Add>& registry() {
  static std::vector<RegisterCommand::Add> instance;
  return instance;
}

}  // namespace

RegisterCommand::RegisterCommand(Add add) { registry().push_back(add); }

void add_commands(CLI::App& parser) {
  for (const RegisterCommand::Add add : registry()) add(parser);
}

}  // namespace convlens::viz
