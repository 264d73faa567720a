// Any bytes as a configuration file.

#include "tests/fuzz/harness.h"
#include "viz/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace convlens;
  const std::filesystem::path file = fuzz::scratch_folder() / "config.json";
  fuzz::write(file, std::span(data, size));
  fuzz::accept_or_refuse([&] {
    const viz::Config config = viz::read_config(file, {});
    for (const viz::RunConfig& run : config.runs) run.resolved();
  });
  return 0;
}
