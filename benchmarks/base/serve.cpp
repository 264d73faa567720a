#include "benchmarks/base/serve.h"

#include <iostream>
#include <sstream>

#include "engine/timing.h"
#include "kernels/base/error.h"
#include "kernels/base/json.h"

namespace convlens::bench {
namespace {

Json timed_runs(const std::function<void()>& run, int count) {
  run();
  Json milliseconds = Json::array();
  for (int i = 0; i < count; ++i) milliseconds.push_back(1e3 * seconds_of(run));
  return milliseconds;
}

}  // namespace

void serve(const std::function<void()>& run, const std::function<void(const std::string&)>& save) {
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, argument;
    words >> command >> std::ws;
    std::getline(words, argument);
    if (command == "run") {
      std::cout << timed_runs(run, std::stoi(argument)).dump() << std::endl;
    } else if (command == "save") {
      run();
      save(argument);
      std::cout << "saved" << std::endl;
    } else {
      throw InputError("--serve knows 'run N' and 'save PREFIX', found '" + line + "'");
    }
  }
}

}  // namespace convlens::bench
