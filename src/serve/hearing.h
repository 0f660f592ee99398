// What a connection hears of one reply: text as it comes, then the end. The talking thread puts in, the connection's
// thread takes out.
//
// Threads: one on each side.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "serve/speech.h"

namespace banchu {

class Hearing {
 public:
  struct Heard {
    std::string text;                         // "" when nothing came in time
    std::optional<Result<Completion>> ended;  // the last thing that is heard; the text before it comes along
    std::string self;
  };

  // A listener that puts into `hearing`, and keeps it alive.
  static Listener listener_of(std::shared_ptr<Hearing> hearing);

  // Waits for text or the end, at most so long.
  Heard take(std::chrono::milliseconds most);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::optional<Result<Completion>> ended_;
  std::string self_;
};

}  // namespace banchu
