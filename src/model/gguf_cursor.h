// Reads little-endian values out of mapped bytes and never looks past their end.
//
// The first read that does not fit latches a failure: every later read answers zero, so that a parser may read a
// whole record and ask failed() once. Threads: one at a time. Errors: none of its own; failure() says what and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace banchu {

inline constexpr std::uint64_t kGgufMaxStringBytes = 64ULL << 20;

class GgufCursor {
 public:
  explicit GgufCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T read() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    if (!take(sizeof(T), "a number")) return value;
    std::memcpy(&value, bytes_.data() + at_ - sizeof(T), sizeof(T));
    return value;
  }

  // A 64-bit length and that many bytes.
  std::string_view read_string() {
    const auto size = read<std::uint64_t>();
    if (size > kGgufMaxStringBytes) fail("a string of " + std::to_string(size) + " bytes");
    if (!take(size, "a string")) return {};
    return {reinterpret_cast<const char*>(bytes_.data() + at_ - size), static_cast<std::size_t>(size)};
  }

  std::uint64_t offset() const { return at_; }
  std::uint64_t left() const { return bytes_.size() - at_; }
  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what + " at byte " + std::to_string(at_);
  }

 private:
  bool take(std::uint64_t count, const char* what) {
    if (failed()) return false;
    if (count > left()) {
      fail(std::string("the file ends inside ") + what);
      return false;
    }
    at_ += count;
    return true;
  }

  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  std::string failure_;
};

}  // namespace banchu
