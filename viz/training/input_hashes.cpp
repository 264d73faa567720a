#include "viz/training/input_hashes.h"

#include <span>

#include "kernels/base/sha256.h"
#include "weights/model_writer.h"

namespace convlens::viz {

Json hashes_of(const std::vector<Image>& pictures) {
  Json hashes = Json::array();
  for (const Image& picture : pictures) hashes.push_back(sha256_hex(std::as_bytes(std::span(picture.values))));
  return hashes;
}

std::string hash_of(const Model& model) {
  const std::string json = encode_model(model).json;  // which has the weights' hash
  return sha256_hex(std::as_bytes(std::span(json)));
}

}  // namespace convlens::viz
