// viz_run: every visualisation behind one command.

#include <csignal>
#include <iostream>

#include "engine/plan_defaults.h"
#include "kernels/base/error.h"
#include "kernels/base/guarded_main.h"
#include "kernels/base/json.h"
#include "viz/command.h"
#include "viz/interrupt.h"
#include "viz/measured_costs_file.h"
#include "viz/plan_text.h"
#include "viz/reference.h"
#include "viz/runner.h"
#include "viz/verify.h"

namespace convlens::viz {
namespace {

struct Options {
  std::string config, out, device, describe, verify;
  std::vector<std::string> overrides;
  bool list = false, plan = false, resume = false, quiet = false, json = false;
};

void add_options(CLI::App& parser, Options& options) {
  parser.add_option("config", options.config, "configuration file (JSON)");
  parser.add_option("--set", options.overrides, "key.path=value, over the configuration; again and again")->take_all();
  parser.add_option("--out", options.out, "folder for the results");
  parser.add_option("--device", options.device, "auto, cpu, cuda, simt or reference");
  parser.add_flag("--list", options.list, "the algorithms and operators");
  parser.add_option("--describe", options.describe, "the keys of an algorithm, or the parameters of an operator");
  parser.add_flag("--plan", options.plan, "steps and peak bytes, without running");
  parser.add_option("--verify", options.verify, "run what a run.json records again, and compare");
  parser.add_flag("--resume", options.resume, "go on from where an interrupted program stopped");
  parser.add_flag("--quiet", options.quiet, "print nothing but errors");
  parser.add_flag("--json", options.json, "print what run.json holds");
}

int act(const Options& options) {
  if (options.list) return std::cout << list_text(), 0;
  if (!options.describe.empty()) return std::cout << describe_text(options.describe), 0;
  if (!options.verify.empty()) return verify(options.verify);
  if (options.config.empty()) throw InputError("viz_run needs a configuration file (see viz_run --help)");
  std::vector<std::string> overrides = options.overrides;
  if (!options.out.empty()) overrides.push_back("out=" + options.out);
  if (!options.device.empty()) overrides.push_back("device=" + options.device);
  const Config config = read_config(options.config, overrides);
  if (options.plan) {
    for (const auto& [name, plan] : plan_config(config)) std::cout << name << ": " << plan_table(plan);
    return 0;
  }
  const Json record = run_config(config, {.quiet = options.quiet || options.json, .resume = options.resume});
  if (options.json) std::cout << record.dump(2) << '\n';
  return 0;
}

void plan_by_what_was_measured() {
  const auto costs = std::make_shared<MeasuredCosts>();
  read_measured_costs(measured_costs_file(), *costs);
  if (costs->size() > 0) plan_defaults().costs = costs;
}

int parse_and_act(int argc, char** argv) {
  plan_by_what_was_measured();
  CLI::App parser("Look inside a convolutional network: viz_run config.json", "viz_run");
  parser.set_version_flag("--version", CONVLENS_VERSION);
  Options options;
  add_options(parser, options);
  add_commands(parser);
  parser.require_subcommand(0, 1);
  try {
    parser.parse(argc, argv);
  } catch (const CLI::RuntimeError& error) {
    return error.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return parser.exit(error) == 0 ? 0 : 2;
  }
  return parser.get_subcommands().empty() ? act(options) : 0;
}

}  // namespace
}  // namespace convlens::viz

int main(int argc, char** argv) {
  convlens::viz::watch_interrupts();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error of write(), which says so, like a full disk
  return convlens::guarded_main("viz_run", [&] {
    try {
      return convlens::viz::parse_and_act(argc, argv);
    } catch (const convlens::viz::Interrupted& interrupted) {
      std::cerr << "viz_run: " << interrupted.what() << '\n';
      return 128 + interrupted.signal;
    }
  });
}
