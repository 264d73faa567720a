// viz_run tune CONFIG: measures on this machine what may run in a configuration's plans. From then on every run plans
// by these times; where one is missing, by the variants' priorities.

#include <iostream>

#include "engine/plan_defaults.h"
#include "viz/command.h"
#include "viz/measured_costs_file.h"
#include "viz/runner.h"

namespace convlens::viz {
namespace {

struct TuneOptions {
  std::string config;
  std::vector<std::string> overrides;
  bool again = false;
};

void tune(const TuneOptions& options) {
  const auto file = measured_costs_file();
  const auto costs = std::make_shared<MeasuringCosts>();
  if (!options.again) read_measured_costs(file, *costs);
  const size_t known = costs->size();
  plan_defaults().costs = costs;
  for (const auto& [name, plan] : plan_config(read_config(options.config, options.overrides)))
    std::cout << name << ": " << plan.steps.size() << " steps" << std::endl;
  write_measured_costs(file, *costs);
  std::cout << costs->size() - known << " times measured, " << costs->size() << " known: " << file.string() << '\n';
}

const RegisterCommand tune_registered([](CLI::App& parser) {
  auto options = std::make_shared<TuneOptions>();
  CLI::App* command = parser.add_subcommand("tune", "measure which variants are the fastest for a configuration here");
  command->add_option("config", options->config, "configuration file")->required();
  command->add_option("--set", options->overrides, "key.path=value");
  command->add_flag("--again", options->again, "forget what was measured before");
  command->callback([options] { tune(*options); });
});

}  // namespace
}  // namespace convlens::viz
