#include "benchmarks/network_bench/serve.h"

#include <iostream>
#include <sstream>

#include "kernels/base/error.h"
#include "kernels/base/json.h"

namespace convlens::bench {
namespace {

Json timed_runs(EngineNetwork& network, int count) {
  network.run();
  Json milliseconds = Json::array();
  for (int i = 0; i < count; ++i) milliseconds.push_back(1e3 * seconds_of([&] { network.run(); }));
  return milliseconds;
}

}  // namespace

void serve(EngineNetwork& network) {
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, argument;
    words >> command >> std::ws;
    std::getline(words, argument);
    if (command == "run") {
      std::cout << timed_runs(network, std::stoi(argument)).dump() << std::endl;
    } else if (command == "save") {
      network.run();
      network.save(argument);
      std::cout << "saved" << std::endl;
    } else {
      throw InputError("--serve knows 'run N' and 'save PREFIX', found '" + line + "'");
    }
  }
}

}  // namespace convlens::bench
