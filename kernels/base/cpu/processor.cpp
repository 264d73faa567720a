#include "kernels/base/cpu/processor.h"

#include <algorithm>
#include <fstream>

namespace convlens {

std::string processor_name() {
  std::string name = "unknown processor", family, model;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line) && !line.empty();) {
    const std::string value = line.substr(std::min(line.size(), line.find(':') + 2));
    if (line.starts_with("model name"))
      name = value;
    else if (line.starts_with("cpu family"))
      family = ", family " + value;
    else if (line.starts_with("model"))
      model = ", model " + value;
  }
  return name + family + model;
}

}  // namespace convlens
