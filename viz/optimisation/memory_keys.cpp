#include "viz/optimisation/memory_keys.h"

#include "kernels/base/error.h"
#include "viz/byte_size.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

constexpr size_t of_the_program = 100'000'000;  // bytes: code, libraries, the page

size_t weight_bytes(const Model& model) {
  size_t bytes = 0;
  for (const Layer& layer : model.layers)
    for (const Weight& weight : layer.weights) bytes += sizeof(float) * static_cast<size_t>(weight.shape.elements());
  return bytes;
}

}  // namespace

void MemoryKeys::describe(ParamVisitor& v) {
  v.field({.name = "memory",
           .doc = "such as \"4GB\": where more would be needed, features are computed window by window; by default no "
                  "limit"},
          memory);
}

std::optional<size_t> MemoryKeys::session_bytes(const Model& model, Pair picture, int64_t pictures) const {
  if (memory.empty()) return std::nullopt;
  const size_t limit = parse_byte_size("memory", memory);
  const int64_t elements = model.image_input().shape.c() * picture[0] * picture[1];
  const size_t kept = of_the_program + weight_bytes(model) + sizeof(float) * static_cast<size_t>(pictures * elements);
  if (kept < limit) return limit - kept;
  throw InputError("'memory' is " + megabytes(limit) + ", where the weights and " + std::to_string(pictures) +
                   " pictures of " + std::to_string(picture[0]) + " x " + std::to_string(picture[1]) +
                   " pixels that are kept already take " + megabytes(kept));
}

}  // namespace convlens::viz
