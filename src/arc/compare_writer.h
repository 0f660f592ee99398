// Stories written on request by any OpenAI-compatible server, so that models can be measured beside people.
//
// Threads: one. Errors: FailedPrecondition (not reached, refused, no story in the answer), InvalidArgument, Cancelled.
#pragma once

#include <cstdint>
#include <string>

#include "base/progress.h"
#include "base/result.h"

namespace banchu {

struct StoryServer {
  std::string url;  // http://127.0.0.1:8080/v1; see server_base()
  std::string model;
  std::string key;  // sent as a bearer token; never printed
  double temperature = 0.8;
  int max_tokens = 2048;
  int answer_seconds = 600;
  int tries = 3;       // a busy server (429, 5xx) is asked again
  int wait_ms = 1000;  // before the second try; doubled before the third
};

// One story. `seed` makes it repeatable where the server honours it.
Result<std::string> write_story(const StoryServer& server, const std::string& prompt, std::uint64_t seed,
                                const CancelFlag* cancel);

}  // namespace banchu
