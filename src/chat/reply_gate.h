// A reply that is judged before it is said: one under the floor is drawn again, and the best of the draws is said. What
// is still to be judged cannot be streamed; it comes in one piece.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace banchu {

struct ReplyGate {
  // Of a reply, higher is better; absent where it cannot be judged (too short), and then it is said as it is.
  std::function<std::optional<double>(const std::string& reply)> score;  // empty: nothing is held back
  double floor = 0;
  int draws = 3;  // at most
};

}  // namespace banchu
