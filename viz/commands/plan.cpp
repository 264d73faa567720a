// viz_run plan CONFIG: what would run, and how much memory it would take, without running it.

#include <iostream>

#include "viz/command.h"
#include "viz/plan_text.h"
#include "viz/runner.h"

namespace convlens::viz {
namespace {

struct PlanOptions {
  std::string config;
  std::vector<std::string> overrides;
  bool explain = false;
};

void print_plans(const PlanOptions& options) {
  for (const auto& [name, plan] : plan_config(read_config(options.config, options.overrides)))
    std::cout << name << ": " << (options.explain ? plan_explanation(plan) : plan_table(plan));
}

const RegisterCommand plan_registered([](CLI::App& parser) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = parser.add_subcommand("plan", "show steps and peak bytes of a configuration, without running it");
  command->add_option("config", options->config, "configuration file")->required();
  command->add_option("--set", options->overrides, "key.path=value");
  command->add_flag("--explain", options->explain, "which variant runs each layer, and why the others do not");
  command->callback([options] { print_plans(*options); });
});

}  // namespace
}  // namespace convlens::viz
