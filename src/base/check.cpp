#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace banchu {

void check_failed(const char* expression, const char* file, int line, const std::string& message) {
  std::fprintf(stderr,
               "banchu: broken invariant %s at %s:%d%s%s\nThis is a bug in banchu; nothing acknowledged is lost.\n",
               expression, file, line, message.empty() ? "" : ": ", message.c_str());
  std::abort();
}

}  // namespace banchu
