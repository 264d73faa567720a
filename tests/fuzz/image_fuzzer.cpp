// Any bytes as an image file.

#include "tests/fuzz/harness.h"
#include "viz/io/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  convlens::fuzz::accept_or_refuse(
      [&] { convlens::viz::decode_image(std::as_bytes(std::span(data, size)), "fuzzed"); });
  return 0;
}
