#include "base/digest.h"

#include <sodium.h>

#include <array>
#include <fstream>
#include <vector>

namespace banchu {
namespace {

void start_sodium() {
  static const int started = sodium_init();
  BANCHU_CHECK(started >= 0, "libsodium cannot start");
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  start_sodium();
  std::array<unsigned char, crypto_hash_sha256_BYTES> out{};
  crypto_hash_sha256(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return hex(out.data(), out.size());
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  start_sodium();
  std::ifstream file(path, std::ios::binary);
  if (!file) return error_from_errno("cannot read", path.string());
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(buffer.data()),
                              static_cast<unsigned long long>(file.gcount()));
  }
  if (file.bad()) return error_from_errno("cannot read", path.string());
  std::array<unsigned char, crypto_hash_sha256_BYTES> out{};
  crypto_hash_sha256_final(&state, out.data());
  return hex(out.data(), out.size());
}

std::string random_id() {
  start_sodium();
  std::array<unsigned char, 8> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return hex(bytes.data(), bytes.size());
}

}  // namespace banchu
