// BANCHU_CHECK: an invariant that only a bug in banchu can break. On in release; never reachable from input.
#pragma once

#include <string>

namespace banchu {

[[noreturn]] void check_failed(const char* expression, const char* file, int line, const std::string& message);

}  // namespace banchu

// BANCHU_CHECK(rank > 0) or BANCHU_CHECK(rank > 0, "rank is " + ...): prints and aborts when false.
#define BANCHU_CHECK(expression, ...)                                                                     \
  do {                                                                                                    \
    if (!(expression)) ::banchu::check_failed(#expression, __FILE__, __LINE__, std::string{__VA_ARGS__}); \
  } while (false)
