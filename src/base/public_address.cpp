#include "base/public_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>

namespace banchu {
namespace {

struct Range {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t four(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// What no stranger should send us to: this network, private, shared by a provider, loopback, link-local, protocol
// assignments, documentation, relays, benchmarks, multicast, reserved.
constexpr std::array<Range, 15> kInside4 = {{{four(0, 0, 0, 0), 8},
                                             {four(10, 0, 0, 0), 8},
                                             {four(100, 64, 0, 0), 10},
                                             {four(127, 0, 0, 0), 8},
                                             {four(169, 254, 0, 0), 16},
                                             {four(172, 16, 0, 0), 12},
                                             {four(192, 0, 0, 0), 24},
                                             {four(192, 0, 2, 0), 24},
                                             {four(192, 88, 99, 0), 24},
                                             {four(192, 168, 0, 0), 16},
                                             {four(198, 18, 0, 0), 15},
                                             {four(198, 51, 100, 0), 24},
                                             {four(203, 0, 113, 0), 24},
                                             {four(224, 0, 0, 0), 4},
                                             {four(240, 0, 0, 0), 4}}};

// Inside 2000::/3, the only part of IPv6 that is given out: protocol assignments (Teredo among them), documentation,
// addresses that wrap an IPv4 one (6to4).
constexpr std::array<Range, 4> kInside6 = {{{0x20010000, 23}, {0x20010db8, 32}, {0x20020000, 16}, {0x3fff0000, 20}}};

template <std::size_t N>
bool lies_in(std::uint32_t address, const std::array<Range, N>& ranges) {
  for (const Range& range : ranges) {
    if ((address ^ range.first) >> (32 - range.bits) == 0) return true;
  }
  return false;
}

std::uint32_t word_at(const in6_addr& address, std::size_t at) {
  const unsigned char* byte = address.s6_addr + at;
  return four(byte[0], byte[1], byte[2], byte[3]);
}

bool is_public6(const in6_addr& address) {
  const std::uint32_t a = word_at(address, 0), b = word_at(address, 4), c = word_at(address, 8);
  const bool is_mapped = a == 0 && b == 0 && c == 0xffff;     // ::ffff:a.b.c.d
  const bool is_nat64 = a == 0x0064ff9b && b == 0 && c == 0;  // 64:ff9b::a.b.c.d
  if (is_mapped || is_nat64) return !lies_in(word_at(address, 12), kInside4);
  return a >> 29 == 1 && !lies_in(a, kInside6);
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

std::string digits_of(const addrinfo& entry) {
  std::array<char, INET6_ADDRSTRLEN + 16> text{};  // with a scope, "fe80::1%eth0"
  const int failed = ::getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), static_cast<socklen_t>(text.size()),
                                   nullptr, 0, NI_NUMERICHOST);
  return failed == 0 ? text.data() : "";
}

}  // namespace

bool is_public_address(const std::string& address) {
  in_addr four_bytes{};
  in6_addr sixteen_bytes{};
  if (::inet_pton(AF_INET, address.c_str(), &four_bytes) == 1) return !lies_in(ntohl(four_bytes.s_addr), kInside4);
  return ::inet_pton(AF_INET6, address.c_str(), &sixteen_bytes) == 1 && is_public6(sixteen_bytes);
}

Result<std::vector<std::string>> addresses_of(const std::string& host) {
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  const std::string name = is_bracketed ? host.substr(1, host.size() - 2) : host;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(name.c_str(), nullptr, &wanted, &found);
  const AddressList list(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = failed == 0 ? found : nullptr; entry != nullptr; entry = entry->ai_next) {
    if (std::string digits = digits_of(*entry); !digits.empty()) addresses.push_back(std::move(digits));
  }
  if (!addresses.empty()) return addresses;
  return make_error(Code::FailedPrecondition,
                    fmt::format("{} cannot be found: {}", host, failed == 0 ? "no address" : ::gai_strerror(failed)),
                    "is the name right, and is this machine on the network?");
}

}  // namespace banchu
