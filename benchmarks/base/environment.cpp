#include "benchmarks/base/environment.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "kernels/base/cpu/processor.h"
#include "kernels/base/json.h"

namespace convlens::bench {
namespace {

std::string onednn_version() {
  const dnnl_version_t& v = *dnnl_version();
  return std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch);
}

std::string compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return std::string("GCC ") + __VERSION__;
#endif
}

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

double load() {
  double average = 0;
  getloadavg(&average, 1);
  return average;
}

}  // namespace

Json environment() {
  return {{"processor", processor_name()},
          {"threads", omp_get_max_threads()},
          {"compiler", compiler()},
          {"onednn", onednn_version()},
          {"date", today()},
          {"load", load()}};
}

std::string to_line(const Json& e) {
  return "measured on " + e["processor"].get<std::string>() + ", " + e["threads"].dump() + " threads, " +
         e["compiler"].get<std::string>() + ", oneDNN " + e["onednn"].get<std::string>() + ", " +
         e["date"].get<std::string>() + ", load before " + e["load"].dump().substr(0, 4);
}

}  // namespace convlens::bench
