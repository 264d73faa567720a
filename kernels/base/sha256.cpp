#include "kernels/base/sha256.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "kernels/base/error.h"

namespace convlens {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) fail();
  }

  void update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) fail();
  }

  std::string finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest, &length) != 1) fail();
    constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
      hex += digits[digest[i] >> 4];
      hex += digits[digest[i] & 15];
    }
    return hex;
  }

 private:
  [[noreturn]] static void fail() { throw InternalError("OpenSSL could not compute a SHA-256 digest"); }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 sha256;
  sha256.update(bytes);
  return sha256.finish();
}

std::string sha256_file(const std::filesystem::path& path) {
  const auto unreadable = [&] {
    return InputError("'" + path.string() + "' cannot be read: " + std::strerror(errno ? errno : EIO));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw unreadable();
  Sha256 sha256;
  std::vector<char> block(size_t{1} << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    sha256.update(std::as_bytes(std::span(block.data(), static_cast<size_t>(file.gcount()))));
  }
  if (file.bad() || !file.eof()) throw unreadable();
  return sha256.finish();
}

}  // namespace convlens
